"""Which days of a month the two day fields of a cron expression choose."""

from calendar import monthrange
from dataclasses import dataclass
from typing import Protocol

from chroniker.schedules import english

_WEEK = 7
_FRIDAY, _SATURDAY = 4, 5
_ALL_MONTH_DAYS = frozenset(range(1, 32))
_ALL_WEEKDAYS = frozenset(range(_WEEK))


class DayRule(Protocol):
    """Chooses days of a month."""

    def days(self, year: int, month: int) -> list[int]:
        """The chosen days, in order."""

    def describe(self) -> str:
        """The choice in English."""


@dataclass(frozen=True)
class ListedDays:
    """Days of the month and days of the week (Monday is 0), as lists.

    ``both``: a day must be on both lists (one of the fields begins with a star); otherwise it is
    enough to be on either, as cron has always read it.
    """

    month_days: frozenset[int]
    weekdays: frozenset[int]
    both: bool

    def days(self, year: int, month: int) -> list[int]:
        first, length = monthrange(year, month)
        return [day for day in range(1, length + 1) if self._has(day, (first + day - 1) % _WEEK)]

    def describe(self) -> str:
        if self.is_always():
            return "every day"
        if self.month_days == _ALL_MONTH_DAYS:
            return english.weekdays(self.weekdays)
        month_days = f"on day {english.numbers(sorted(self.month_days))} of the month"
        if self.weekdays == _ALL_WEEKDAYS:
            return month_days
        if self.both:
            return f"{month_days}, if it is {english.weekdays(self.weekdays, 'or')}"
        return f"{month_days} or on {english.weekdays(self.weekdays)}"

    def is_always(self) -> bool:
        """Whether no day is left out."""
        full = (self.month_days == _ALL_MONTH_DAYS, self.weekdays == _ALL_WEEKDAYS)
        return all(full) if self.both else any(full)

    def _has(self, day: int, weekday: int) -> bool:
        if self.both:
            return day in self.month_days and weekday in self.weekdays
        return day in self.month_days or weekday in self.weekdays


@dataclass(frozen=True)
class LastDay:
    """``L``: the last day of the month."""

    def days(self, year: int, month: int) -> list[int]:
        return [monthrange(year, month)[1]]

    def describe(self) -> str:
        return "on the last day of the month"


@dataclass(frozen=True)
class NearestWeekday:
    """``15W``: the day from Monday to Friday nearest to a day, within its month."""

    day: int

    def days(self, year: int, month: int) -> list[int]:
        first, length = monthrange(year, month)
        weekday = (first + self.day - 1) % _WEEK
        if weekday <= _FRIDAY:
            return [self.day]
        if weekday == _SATURDAY:
            return [self.day - 1 if self.day > 1 else self.day + 2]
        return [self.day + 1 if self.day < length else self.day - 2]

    def describe(self) -> str:
        return f"on the working day nearest to day {self.day} of the month"


@dataclass(frozen=True)
class NthWeekday:
    """``5#3``: the n-th such weekday (Monday is 0) of the month; ``L5``: the last, with n = -1."""

    weekday: int
    n: int

    def days(self, year: int, month: int) -> list[int]:
        first, length = monthrange(year, month)
        all_of_them = range(1 + (self.weekday - first) % _WEEK, length + 1, _WEEK)
        if self.n < 0:
            return [all_of_them[-1]]
        return [all_of_them[self.n - 1]] if self.n <= len(all_of_them) else []

    def describe(self) -> str:
        name = english.WEEKDAYS[self.weekday]
        return f"on the {english.ordinal(self.n)} {name} of the month"
