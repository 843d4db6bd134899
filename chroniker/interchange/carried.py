"""Which of a job's fields are carried from one installation to another, and as what."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import models

from chroniker.models import Job
from chroniker.models.claimable import Claimable
from chroniker.models.policies import POLICY_FIELDS
from chroniker.models.schedulable import SCHEDULE_FIELDS
from chroniker.moments import to_instant, to_stored

TIMING_FIELDS = ("next_run", "next_occurrence", "anchor")
"""What keeps a schedule in step: without it intervals would be counted anew from the import."""

STATE_FIELDS = frozenset(
    {field.name for field in Claimable._meta.get_fields()} - {*TIMING_FIELDS}
) | {
    *("revision", "error", "held_until", "monitor_records", "snoozed_until", "snoozed_by"),
    *("code_key", "code_fields", "code_retired_at"),
}
"""What runs, and this installation alone, say of a job. All other fields are carried."""

_SHOWN = 60


def fields() -> dict[str, models.Field[Any, Any]]:
    """The carried fields by name: what a job is, then when it runs, then the rules around that."""
    found = [
        field
        for field in Job._meta.concrete_fields
        if not field.primary_key and field.name not in STATE_FIELDS
    ]
    parts = (SCHEDULE_FIELDS, {*TIMING_FIELDS}, POLICY_FIELDS)
    found.sort(key=lambda field: [field.name in part for part in reversed(parts)])
    return {field.name: field for field in found}


def stored_value(job: Job, field: models.Field[Any, Any]) -> Any:
    """What a job has in this field; a time as an aware instant in UTC."""
    value = getattr(job, field.attname)
    return to_instant(value) if isinstance(value, datetime) else value


def give(job: Job, name: str, value: Any) -> None:
    """Set a field to a value as :func:`stored_value` returns it."""
    setattr(job, name, to_stored(value) if isinstance(value, datetime) else value)


def to_plain(value: Any) -> Any:
    """The value as JSON and YAML can say it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def from_plain(field: models.Field[Any, Any], value: Any) -> Any:
    """The value that a file gives this field. Raises ValueError, which says what to write.

    Nothing is guessed: ``"yes"`` is no truth value, and ``5.0`` no whole number.
    """
    if value is None:
        if not field.null:
            raise ValueError("this cannot be empty (null). Leave it out, or write a value.")
        return None
    for kind, read in _READERS.items():
        if isinstance(field, kind):
            return read(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(value, "a text; put it into quotation marks")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("this is not text in Unicode; correct it.") from None
    if "\0" in value:
        raise ValueError("null characters are not allowed; remove them.")
    return value


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, "true or false")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(value, "a whole number")
    return value


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(value, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("this is more than a number can be; write a smaller one.")
    return number


def _instant(value: Any) -> datetime:
    """A time without an offset is meant in the project's zone, a date as its midnight."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        elif isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time.min)
        if isinstance(value, datetime):
            return to_instant(value)
    except (ValueError, OverflowError):
        pass
    raise _wrong(value, "a time such as 2030-12-31T18:00:00Z")


_READERS: dict[type[models.Field[Any, Any]], Any] = {
    models.BooleanField: _yes_or_no,
    models.IntegerField: _whole,
    models.FloatField: _number,
    models.DateTimeField: _instant,
    models.CharField: _text,
    models.TextField: _text,
}


def _wrong(value: Any, wanted: str) -> ValueError:
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out numbers with thousands of digits
        text = "a huge number"
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return ValueError(f"{shown} is not possible. Write {wanted}.")
