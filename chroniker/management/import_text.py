"""What an import would do, as text for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator

from chroniker.interchange.difference import Difference, FieldChange, JobChange, Kind
from chroniker.management.printing import one_line

_SIGNS = {Kind.NEW: "+", Kind.CHANGED: "~", Kind.RETIRED: "-"}
_WORDS = {Kind.NEW: "new", Kind.CHANGED: "changed", Kind.RETIRED: "not in the file: disabled"}
_LONGEST = 300
"""Characters of a value; the file has the rest."""


def lines(difference: Difference) -> Iterator[str]:
    """The changes, job by job, then what is not carried over."""
    for change in difference.to_do:
        yield f"{_SIGNS[change.kind]} {one_line(change.title)} ({_WORDS[change.kind]})"
        yield from (f"    {_field(change, field)}" for field in change.fields)
    unchanged = len(difference.of(Kind.UNCHANGED))
    if unchanged:
        yield f"= {unchanged} unchanged"
    if difference.left_out:
        yield "Not carried over, or not whole:"
        yield from (f"    {one_line(str(each))}" for each in difference.left_out)


def _field(change: JobChange, field: FieldChange) -> str:
    if change.kind is Kind.NEW:
        return f"{field.name}: {_value(field.new)}"
    return f"{field.name}: {_value(field.old)} -> {_value(field.new)}"


def _value(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return one_line(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
