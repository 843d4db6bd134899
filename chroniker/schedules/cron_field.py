"""One field of a cron expression, rewritten until every cron agrees about it.

What comes out uses only numbers, ``a-b``, steps on ``*`` or ``a-b``, and commas.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chroniker.exceptions import InvalidSchedule

_WEEK = 7
_NUMBER = re.compile(r"[0-9]{1,4}")
_PLACEHOLDER = re.compile(r"[HR](\(.*\))?", re.IGNORECASE)


@dataclass(frozen=True)
class Field:
    """A field's name and what may stand in it."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    is_weekday: bool = False

    @property
    def last(self) -> int:
        """The highest value; 7 is only another name for 0."""
        return _WEEK - 1 if self.is_weekday else self.high

    @property
    def size(self) -> int:
        return self.last - self.low + 1

    def number(self, token: str) -> int:
        """The value that a number or a name stands for."""
        if token.lower() in self.names:
            return self.low + self.names.index(token.lower())
        if not _NUMBER.fullmatch(token):
            raise self.error(f"{token!r} is not a value. {self._hint()}")
        value = int(token)
        if not self.low <= value <= self.high:
            raise self.error(f"{value} is out of range. {self._hint()}")
        return value

    def error(self, text: str) -> InvalidSchedule:
        return InvalidSchedule(f"{self.name}: {text}", field="cron_expression")

    def _hint(self) -> str:
        named = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"Write a number from {self.low} to {self.high}{named}."


MINUTE = Field("Minute", 0, 59)
HOUR = Field("Hour", 0, 23)
MONTH_DAY = Field("Day of month", 1, 31)
MONTH = Field(
    "Month",
    1,
    12,
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
)
WEEKDAY = Field(
    "Day of week", 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat"), is_weekday=True
)


def normalise(text: str, field: Field) -> str:
    """``text`` with the same meaning in the plainest form; InvalidSchedule if it has none."""
    entries = text.split(",")
    if "" in entries:
        raise field.error(f"{text!r} has an empty entry. Remove the extra comma.")
    return ",".join(_entry(entry, field) for entry in entries)


def _entry(entry: str, field: Field) -> str:
    base, slash, step_text = entry.partition("/")
    _refuse_foreign(entry, base, field)
    step = _step(step_text, entry, field) if slash else 1
    if base == "*":
        return f"*/{step}" if step > 1 else "*"
    start_text, dash, end_text = base.partition("-")
    if dash and not (start_text and end_text):
        raise field.error(f"{entry!r} is not a range. Write it as '1-5'.")
    start = field.number(start_text)
    if dash:
        end = field.number(end_text)
    elif slash:
        end = field.last
    else:
        end = start
    if field.is_weekday:
        return _weekdays(start, end, step)
    if start > end:
        raise field.error(
            f"The range {base!r} goes backwards. "
            f"Write '{start_text}-{field.high},{field.low}-{end_text}' if it should wrap around."
        )
    return _plain_range(range(start, end + 1, step))


def _plain_range(values: range) -> str:
    if len(values) == 1:
        return str(values[0])
    step = f"/{values.step}" if values.step > 1 else ""
    return f"{values[0]}-{values[-1]}{step}"


def _weekdays(start: int, end: int, step: int) -> str:
    """A list: ranges may wrap around the week's end, and 7 is Sunday as 0 is."""
    if start > end:
        end += _WEEK
    return ",".join(str(day % _WEEK) for day in range(start, end + 1, step))


def _step(text: str, entry: str, field: Field) -> int:
    if not _NUMBER.fullmatch(text):
        raise field.error(f"{entry!r} has no usable step. Write a number after the '/'.")
    step = int(text)
    if step == 0:
        raise field.error(f"The step in {entry!r} is 0. Write 1 or more.")
    if step > field.size:
        raise field.error(
            f"The step in {entry!r} is larger than the field. Write {field.size} or less."
        )
    return step


def _refuse_foreign(entry: str, base: str, field: Field) -> None:
    """Things that other programs understand, each in its own way."""
    if "?" in entry:
        raise field.error("'?' is not known here. Write '*'.")
    if "~" in entry:
        raise field.error(f"{entry!r} is a random value. Write the value that you want.")
    if _PLACEHOLDER.fullmatch(base):
        raise field.error(
            f"{entry!r} stands for a value that somebody else draws. Write the value that you want."
        )


def spread(values: Sequence[int | str], field: Field) -> tuple[int, ...]:
    """A parsed field as ascending numbers; a ``*`` anywhere means all of them."""
    if "*" in values:
        return tuple(range(field.low, field.last + 1))
    return tuple(sorted({int(value) for value in values}))
