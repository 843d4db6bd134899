"""Reading the parameters of a recurrence rule, as ``byweekday:TU,WE;interval:2``.

Every value is bounded here, so that no rule can be built that takes long to follow.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time

from chroniker.exceptions import InvalidSchedule

MAX_LENGTH = 4000
MAX_INTERVAL = 10_000
MAX_COUNT = 1_000_000_000
_END_OF_DAY = time(23, 59, 59)
_SHOWN = 60  # characters of a faulty text that an error repeats
_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")

Values = tuple[int, ...]


@dataclass(frozen=True)
class RuleParams:
    """The parameters of a rule, checked. Lists are ascending; an empty one does not filter.

    Days of the week count from Monday, 0. ``until`` is inclusive, and naive when it is meant in
    the job's own time zone.
    """

    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    wkst: int = 0
    bysetpos: Values = ()
    bymonth: Values = ()
    bymonthday: Values = ()
    byyearday: Values = ()
    byweekno: Values = ()
    byweekday: Values = ()
    byhour: Values = ()
    byminute: Values = ()
    bysecond: Values = ()
    byeaster: Values = ()

    @property
    def filters(self) -> bool:
        """Whether anything beside the interval chooses occurrences."""
        return any(getattr(self, name) for name in _LISTS)


def _range(low: int, high: int) -> Callable[[int], bool]:
    return lambda value: low <= value <= high


def _signed(high: int) -> Callable[[int], bool]:
    """Counting from either end; there is no zeroth."""
    return lambda value: 1 <= abs(value) <= high


_LISTS = {
    "bysetpos": (_signed(366), "1 to 366 or -1 to -366"),
    "bymonth": (_range(1, 12), "1 to 12"),
    "bymonthday": (_signed(31), "1 to 31 or -1 to -31"),
    "byyearday": (_signed(366), "1 to 366 or -1 to -366"),
    "byweekno": (_signed(53), "1 to 53 or -1 to -53"),
    "byweekday": (_range(0, 6), "MO to SU, or 0 to 6"),
    "byhour": (_range(0, 23), "0 to 23"),
    "byminute": (_range(0, 59), "0 to 59"),
    "bysecond": (_range(0, 59), "0 to 59"),
    "byeaster": (_range(-366, 366), "-366 to 366"),
}
_NUMBERS = {
    "interval": (_range(1, MAX_INTERVAL), f"1 to {MAX_INTERVAL}"),
    "count": (_range(1, MAX_COUNT), f"1 to {MAX_COUNT}"),
    "wkst": (_range(0, 6), "MO to SU, or 0 to 6"),
    "cache": (_range(0, 1), "0 or 1"),
}
_KEYS = (*_NUMBERS, "until", *_LISTS)


def parse_params(text: str, *, strict: bool) -> RuleParams:
    """What ``text`` says; InvalidSchedule names the part that is wrong.

    Not ``strict``: parts without exactly one colon are ignored, as 1.x did.
    """
    if len(text) > MAX_LENGTH:
        raise _error(f"The parameters are longer than {MAX_LENGTH} characters.")
    found: dict[str, int | Values | datetime | None] = {}
    for part in map(str.strip, text.split(";")):
        if part and (strict or _was_read_by_1x(part)):
            key, value = _parse_part(part)
            found[key] = value
    found.pop("cache", None)  # it never changed what a rule means
    return RuleParams(**found)  # type: ignore[arg-type]


def _was_read_by_1x(part: str) -> bool:
    """Whether 1.x read it; times in ``until`` have colons, too, and 1.x had no ``until``."""
    if part.count(":") == 1:
        return True
    key, _, value = part.partition(":")
    return key.strip() == "until" and _date_or_none(value.strip()) is not None


def _parse_part(part: str) -> tuple[str, int | Values | datetime | None]:
    key, colon, value = (piece.strip() for piece in part.partition(":"))
    if not colon:
        raise _error(f"{_quote(part)} has no ':'. Write it as 'name:value'.")
    if key == "until":
        return key, _until(value)
    if key in _LISTS:
        allowed, hint = _LISTS[key]
        numbers = [_number(key, token.strip(), allowed, hint) for token in value.split(",")]
        return key, tuple(sorted(set(numbers)))
    if key in _NUMBERS:
        allowed, hint = _NUMBERS[key]
        return key, _number(key, value, allowed, hint)
    if key == "dtstart":
        raise _error("'dtstart' cannot be set here. Set the job's next run instead.")
    raise _error(f"Unknown parameter: {_quote(key)}. Write one of {', '.join(_KEYS)}.")


def _number(key: str, token: str, allowed: Callable[[int], bool], hint: str) -> int:
    if key in ("byweekday", "wkst") and token.upper() in _WEEKDAYS:
        return _WEEKDAYS[token.upper()]
    if not _INTEGER.fullmatch(token) or not allowed(int(token)):
        raise _error(f"{key}: {_quote(token)} is not possible. Write {hint}.")
    return int(token)


def _until(value: str) -> datetime | None:
    until = _date_or_none(value)
    if until is None:
        raise _error(
            f"until: {_quote(value)} is not a date. Write it as 2026-12-31 or 2026-12-31T18:00."
        )
    # People write 9999-12-31 for "never"; in some zones that is no longer in the calendar.
    return None if until.year == date.max.year else until


def _date_or_none(value: str) -> datetime | None:
    """An ISO date (its whole day counts) or date and time."""
    try:
        return datetime.combine(date.fromisoformat(value), _END_OF_DAY)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _quote(text: str) -> str:
    return repr(text[:_SHOWN])


def _error(text: str) -> InvalidSchedule:
    return InvalidSchedule(text, field="params")
