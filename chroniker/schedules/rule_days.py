"""The days on which a recurrence rule may occur, found without looking at all of them."""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from dateutil.easter import easter

from chroniker.schedules.params import RuleParams

_WEEK = 7
_MONTHS = 12
_MIDWEEK = 3  # a week belongs to the year that has its fourth day
_EASTER_YEARS = range(1583, 4100)
_LAST_ORDINAL = date.max.toordinal()

DayTest = Callable[[date], bool]


@dataclass(frozen=True)
class RuleDays:
    """Days chosen by the interval of a rule that began on ``anchor`` and by its ``by…`` lists.

    ``frequency`` is YEARLY, MONTHLY, WEEKLY, DAILY or anything more frequent.
    """

    frequency: str
    anchor: date
    params: RuleParams

    def days(self, start: int, end: int) -> Iterator[date]:
        """Chosen days in order, from one ordinal to another; both are included."""
        ordinal = start
        end = min(end, _LAST_ORDINAL)
        while ordinal <= end:
            ordinal = self._skip(ordinal)
            if ordinal > end:
                return
            day = date.fromordinal(ordinal)
            months = self.params.bymonth
            if months and day.month not in months:
                ordinal += monthrange(day.year, day.month)[1] - day.day + 1
                continue
            if all(test(day) for test in self._tests):
                yield day
            ordinal += 1

    def period_of(self, day: date) -> int:
        """The number of the year, month, week or day that ``day`` lies in."""
        return self._periods[0](day)

    def period_start(self, day: date) -> int:
        """The ordinal of the first day of the period that ``day`` lies in."""
        return self._periods[1](self.period_of(day))

    def _skip(self, ordinal: int) -> int:
        """The first day, from this one on, in a period that the interval does not leave out."""
        interval = self.params.interval
        if interval == 1 or self.frequency not in _PERIODS:
            return ordinal
        number, start = self._periods
        period = number(date.fromordinal(ordinal))
        ahead = (number(self.anchor) - period) % interval
        return start(period + ahead) if ahead else ordinal

    @cached_property
    def _periods(self) -> tuple[Callable[[date], int], Callable[[int], int]]:
        return _PERIODS[self.frequency](self.params.wkst)

    @cached_property
    def _tests(self) -> tuple[DayTest, ...]:
        params = self.params
        tests = (
            (params.bymonthday, _in_month),
            (params.byyearday, _in_year),
            (params.byweekday, _in_week),
            (params.byweekno, _in_weeks(params.wkst)),
            (params.byeaster, _after_easter),
        )
        return tuple(make(frozenset(values)) for values, make in tests if values)


def _years(_: int) -> tuple[Callable[[date], int], Callable[[int], int]]:
    return lambda day: day.year, lambda year: _ordinal(year, 1)


def _months(_: int) -> tuple[Callable[[date], int], Callable[[int], int]]:
    return (
        lambda day: day.year * _MONTHS + day.month - 1,
        lambda number: _ordinal(number // _MONTHS, number % _MONTHS + 1),
    )


def _weeks(wkst: int) -> tuple[Callable[[date], int], Callable[[int], int]]:
    # Ordinal 1 is a Monday.
    return (
        lambda day: (day.toordinal() - 1 - wkst) // _WEEK,
        lambda number: number * _WEEK + 1 + wkst,
    )


def _days(_: int) -> tuple[Callable[[date], int], Callable[[int], int]]:
    return date.toordinal, lambda number: number


_PERIODS = {"YEARLY": _years, "MONTHLY": _months, "WEEKLY": _weeks, "DAILY": _days}


def _ordinal(year: int, month: int) -> int:
    return date(year, month, 1).toordinal() if year <= date.max.year else _LAST_ORDINAL + 1


def _in_month(numbers: frozenset[int]) -> DayTest:
    def test(day: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        return day.day in numbers or day.day - length - 1 in numbers

    return test


def _in_year(numbers: frozenset[int]) -> DayTest:
    def test(day: date) -> bool:
        number = day.toordinal() - _ordinal(day.year, 1) + 1
        return number in numbers or day.toordinal() - _ordinal(day.year + 1, 1) in numbers

    return test


def _in_week(numbers: frozenset[int]) -> DayTest:
    return lambda day: day.weekday() in numbers


def _in_weeks(wkst: int) -> Callable[[frozenset[int]], DayTest]:
    def make(numbers: frozenset[int]) -> DayTest:
        def test(day: date) -> bool:
            week = day.toordinal() - (day.weekday() - wkst) % _WEEK
            year = date.fromordinal(min(week + _MIDWEEK, _LAST_ORDINAL)).year
            number = (week - _first_week(year, wkst)) // _WEEK + 1
            total = (_first_week(year + 1, wkst) - _first_week(year, wkst)) // _WEEK
            return number in numbers or number - total - 1 in numbers

        return test

    return make


def _first_week(year: int, wkst: int) -> int:
    """The ordinal of the first day of week 1."""
    fourth = _ordinal(year, 1) + _MIDWEEK
    return fourth - (fourth - 1 - wkst) % _WEEK


def _after_easter(numbers: frozenset[int]) -> DayTest:
    def test(day: date) -> bool:
        sunday = _easter(day.year)
        return sunday is not None and day.toordinal() - sunday in numbers

    return test


@lru_cache(maxsize=256)
def _easter(year: int) -> int | None:
    return easter(year).toordinal() if year in _EASTER_YEARS else None
