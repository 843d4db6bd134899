"""Cron expressions, in a job's own time zone."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from chroniker.schedules import english
from chroniker.schedules.base import HORIZON_YEARS, Schedule, in_utc
from chroniker.schedules.clock_count import count_fixed, count_following
from chroniker.schedules.cron_days import ListedDays
from chroniker.schedules.cron_expression import CronFields, parse_expression
from chroniker.schedules.grid import Grid
from chroniker.schedules.wall_clock import next_fixed, next_following

_MINUTE = timedelta(minutes=1)
_HOURS = tuple(range(24))
_MINUTES = tuple(range(60))
_SHOWN_TIMES = 6


@dataclass(frozen=True)
class CronSchedule(Schedule):
    """A cron expression, resolved to instants as cronie does on the night clocks change."""

    expression: str
    fields: CronFields
    zone: tzinfo

    @classmethod
    def parse(cls, expression: str, zone: tzinfo) -> "CronSchedule":
        """InvalidSchedule if ``expression`` is not one."""
        return cls(expression, parse_expression(expression), zone)

    def count(self, start: datetime, end: datetime) -> int:
        counted = count_following if self.fields.follows_clock else count_fixed
        return counted(self._count_local, in_utc(start), in_utc(end), self.zone)

    def describe(self) -> str:
        fields = self.fields
        words = [_describe_times(fields.minutes, fields.hours)]
        days = fields.day_rule.describe()
        if days != "every day" or fields.hours != _HOURS:
            words.append(days)
        text = ", ".join(words)
        if len(fields.months) < len(english.MONTHS):
            text += f", in {english.months(fields.months)}"
        return f"{text} ({self.zone})"

    def warnings(self) -> tuple[str, ...]:
        rule = self.fields.day_rule
        if isinstance(rule, ListedDays) and not rule.both and rule.is_always():
            return (
                "Either day field is enough for a day to count, and one of them has every day: "
                "this runs every day. Write '*' in the field that should not matter.",
            )
        return ()

    @property
    def _field(self) -> str:
        return "cron_expression"

    def _search(self, moment: datetime) -> datetime | None:
        search = next_following if self.fields.follows_clock else next_fixed
        return search(self._local_times, moment, self.zone)

    def _local_times(self, start: datetime) -> Iterator[datetime]:
        """Matching local times from ``start`` on, to the horizon; naive."""
        first = start.replace(second=0, microsecond=0)
        if first < start:
            first += _MINUTE
        of_day = Grid(self.fields.hours, self.fields.minutes, len(_MINUTES))
        skip = bisect_left(of_day, first.hour * len(_MINUTES) + first.minute)
        for day in self._days(first.date()):
            midnight = datetime.combine(day, time.min)
            begin = skip if day == first.date() else 0
            for index in range(begin, len(of_day)):
                yield midnight + of_day[index] * _MINUTE

    def _count_local(self, start: datetime, end: datetime) -> int:
        """How many matching local times are not earlier than ``start``, and before ``end``."""
        of_day = Grid(self.fields.hours, self.fields.minutes, len(_MINUTES))
        found = 0
        for day in self._days(start.date()):
            midnight = datetime.combine(day, time.min)
            if midnight >= end:
                break
            first, stop = (-((midnight - moment) // _MINUTE) for moment in (start, end))
            found += bisect_left(of_day, stop) - bisect_left(of_day, first)
        return found

    def _days(self, start: date) -> Iterator[date]:
        # One year more than the horizon: the last month must not be cut.
        last_year = min(start.year + HORIZON_YEARS + 1, date.max.year)
        for year in range(start.year, last_year + 1):
            for month in self.fields.months:
                if (year, month) < (start.year, start.month):
                    continue
                for number in self.fields.day_rule.days(year, month):
                    day = date(year, month, number)
                    if day >= start:
                        yield day


def _describe_times(minutes: tuple[int, ...], hours: tuple[int, ...]) -> str:
    pace = _pace(minutes, len(_MINUTES))
    if pace:
        unit = "minute" if pace == 1 else f"{pace} minutes"
        return f"every {unit}{_describe_hours(hours)}"
    if len(minutes) * len(hours) <= _SHOWN_TIMES:
        times = (english.clock(hour, minute) for hour in hours for minute in minutes)
        return f"at {english.join(times)}"
    past = f"at minute {english.numbers(minutes)}"
    pace = _pace(hours, len(_HOURS))
    if pace:
        return f"every {'hour' if pace == 1 else f'{pace} hours'} {past}"
    every = "every hour " if _is_run(hours) else ""
    return f"{every}{past}{_describe_hours(hours)}"


def _describe_hours(hours: tuple[int, ...]) -> str:
    if hours == _HOURS:
        return ""
    if _is_run(hours):
        return f" from {english.clock(hours[0], 0)} to {english.clock(hours[-1], _MINUTES[-1])}"
    return f" of hour {english.numbers(hours)}"


def _is_run(hours: tuple[int, ...]) -> bool:
    return hours[-1] - hours[0] == len(hours) - 1


def _pace(values: tuple[int, ...], size: int) -> int | None:
    """The step of ``*/step``, if it divides the field evenly."""
    step = size // len(values)
    return step if values == tuple(range(0, size, step)) and step < size else None
