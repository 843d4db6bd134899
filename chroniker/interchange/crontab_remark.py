"""What a crontab cannot say, kept in a remark before the line: ``# chroniker: {...}``.

``line`` in it is the line as it was written. Where the line still says the same, the remark knows
better; what was changed in the line since then counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chroniker.exceptions import CannotImport
from chroniker.interchange import carried, json_file, plain
from chroniker.interchange.document import Entry
from chroniker.models.schedulable import SCHEDULE_FIELDS

BEGIN = "# chroniker:"

_RUN_FIELDS = (
    *("command", "args", "raw_command", "environment", "working_directory"),
    *("log_stdout", "log_stderr", "shell"),
)
_WHEN_FIELDS = (*SCHEDULE_FIELDS - {"active_from", "active_until"}, *carried.TIMING_FIELDS)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a crontab: its five fields with their zone, and what it runs."""

    when: str
    run: str


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A whole job, and the line that it was written with; None if no line can say it."""

    entry: Entry
    line: Line | None


def write(entry: Entry, line: Line | None) -> str:
    """The remark; fields that have their defaults are left out."""
    values: dict[str, Any] = {
        name: carried.to_plain(value)
        for name, value in entry.fields.items()
        if name == "name" or value != carried.fields()[name].get_default()
    }
    rest = plain.entry_to_plain(replace(entry, fields={}))
    values |= {name: value for name, value in rest.items() if value}
    if line is not None:
        values["line"] = [line.when, line.run]
    return f"{BEGIN} {json.dumps(values, ensure_ascii=False)}"


def read(text: str, where: str) -> Remark:
    """What a remark holds. Raises CannotImport."""
    try:
        values = json_file.read_value(text.removeprefix(BEGIN))
    except CannotImport as error:
        raise CannotImport([f"{where}: the remark cannot be read: {error}"]) from None
    if not isinstance(values, dict):
        raise CannotImport([f"{where}: the remark has to be a mapping: {{...}}."])
    line = _line(values.pop("line", None), where)
    # What a remark does not say is as in a new job.
    values = {"dependencies": [], "subscribers": [], **values}
    entry = plain.entry_from_plain(values, where)
    fields = {name: field.get_default() for name, field in carried.fields().items()}
    return Remark(entry=replace(entry, fields={**fields, **entry.fields}), line=line)


def _line(value: Any, where: str) -> Line | None:
    match value:
        case None:
            return None
        case [str(when), str(run)]:
            return Line(when=when, run=run)
    raise CannotImport([f"{where}.line: this has to be what the line says when, and what."])


def merge(remark: Remark, line: Line, read_from_line: Mapping[str, Any]) -> Entry:
    """The job of a line with a remark: what was changed in the line since then counts."""
    fields = dict(remark.entry.fields)
    kept = remark.line or Line(when="", run="")
    if kept.when != line.when:
        _take(fields, read_from_line, _WHEN_FIELDS)
    if kept.run != line.run:
        _take(fields, read_from_line, _RUN_FIELDS)
    return replace(remark.entry, fields=fields)


def _take(fields: dict[str, Any], others: Mapping[str, Any], names: tuple[str, ...]) -> None:
    known = carried.fields()
    for name in names:
        if name not in known:
            continue
        if name in carried.TIMING_FIELDS:
            fields.pop(name, None)
        else:
            fields[name] = others.get(name, known[name].get_default())
