"""From what somebody typed or wrote in JSON to what a lookup of a field takes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from chroniker.exceptions import InvalidMonitor
from chroniker.moments import to_instant, to_stored
from chroniker.monitors.relative_times import EXAMPLES, relative

MOST_VALUES = 1000

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})
_OF_TEXT = frozenset(
    {
        *("contains", "icontains", "startswith", "istartswith"),
        *("endswith", "iendswith", "iexact"),
    }
)
_PAIR = 2


def converted(name: str, field: Any, lookup: str, given: Any, now: datetime) -> Any:
    """The value that ``field__lookup`` takes; ``name`` is what errors call it.

    Raises InvalidMonitor.
    """
    if lookup == "isnull":
        return _yes_or_no(name, given)
    if lookup == "in":
        return [_single(name, field, each, now) for each in _several(given)]
    if lookup == "range":
        ends = _several(given)
        if len(ends) != _PAIR:
            raise InvalidMonitor(f"{name}: a range has two ends; write {name}=first,last.")
        return [_single(name, field, each, now) for each in ends]
    if isinstance(field, models.JSONField):
        return given
    if lookup in _OF_TEXT and not isinstance(given, dict | list):
        return str(given)
    return _single(name, field, given, now)


def _several(given: Any) -> list[Any]:
    values = given if isinstance(given, list) else str(given).split(",")
    if len(values) > MOST_VALUES:
        raise InvalidMonitor(f"{len(values)} values are too many; at most {MOST_VALUES:,} can be.")
    return values


def _single(name: str, field: Any, given: Any, now: datetime) -> Any:
    if isinstance(given, dict | list) or given is None:
        raise InvalidMonitor(f"{name}: {given!r} is no value of it.")
    if isinstance(field, models.BooleanField):
        return _yes_or_no(name, given)
    try:
        if isinstance(field, models.DateField | models.TimeField):
            return _of_calendar(field, given, now)
        return field.to_python(given)
    except (ValidationError, ValueError, TypeError, ArithmeticError) as error:
        raise InvalidMonitor(f"{name}: {_in_words(field, given, error)}") from None


def _in_words(field: Any, given: Any, error: Exception) -> str:
    if isinstance(field, models.DateField | models.TimeField):
        return f"{given!r} is no time of it; write one in ISO format, or such as {EXAMPLES}."
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return f"{given!r} is no value of it."


def _of_calendar(field: Any, given: Any, now: datetime) -> Any:
    """A date, a time, or both, as the field stores it."""
    moment = relative(given, now) if isinstance(given, str) else None
    if isinstance(field, models.DateTimeField):
        value = moment or field.to_python(given)
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the project's
        return to_stored(to_instant(value))
    if moment is None:
        return field.to_python(given)
    return moment.date() if isinstance(field, models.DateField) else moment.time()


def _yes_or_no(name: str, given: Any) -> bool:
    word = str(given).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise InvalidMonitor(f"{name}: {given!r} is neither yes nor no; write true or false.")
