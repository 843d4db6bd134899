"""A recurrence rule as the iCalendar standard has it, in a calendar without time zones.

python-dateutil's rrule yields the same times, but searches in ways that nothing can bound: a
rule that never matches, or one that began long ago, would hold up everything else. Here every
step moves on by a day at least, and times within a day are counted rather than listed.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby

from chroniker.schedules.base import HORIZON_YEARS
from chroniker.schedules.grid import Grid
from chroniker.schedules.params import RuleParams, Values
from chroniker.schedules.rule_days import RuleDays

UNIT_SECONDS = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}
_DAY_SECONDS = 86400
_MINUTE = 60
_SECOND = timedelta(seconds=1)
_INSTANT = timedelta.resolution
_LONGEST_PERIOD = 366
_EPOCH = datetime(1, 1, 1)  # noqa: DTZ001 - local times are naive here
_LAST_SECOND = (datetime.max - _EPOCH) // _SECOND  # noqa: DTZ901 - as above
# Two years more than the horizon: the period that the last occurrence lies in must be whole.
_SEARCH_DAYS = (HORIZON_YEARS + 2) * 366
_COUNT_DAYS = 150 * 366  # how far from the anchor a count is followed
_DAY_LISTS = ("byweekno", "byyearday", "bymonthday", "byweekday", "byeaster")


@dataclass(frozen=True)
class Rule:
    """Occurrences from ``anchor`` (naive, whole seconds) on. The anchor need not be one of them.

    Lists that neither ``params`` nor the frequency give are taken from the anchor.
    """

    frequency: str
    anchor: datetime
    params: RuleParams

    @cached_property
    def follows_clock(self) -> bool:
        """Whether it runs in every hour, minute or second of some stretch (see wall_clock)."""
        params = self.params
        needed = {
            "HOURLY": (params.byhour,),
            "MINUTELY": (params.byhour, params.byminute),
            "SECONDLY": (params.byhour, params.byminute, params.bysecond),
        }
        return not all(needed.get(self.frequency, ()))

    def times_from(self, start: datetime) -> Iterator[datetime]:
        """Occurrences that are not earlier than ``start``, in order, past the horizon.

        A rule that follows the clock reads clock times only: when the clock goes back, times
        before the anchor's come once more. The caller knows the instants, and leaves out what
        lies before the anchor's.
        """
        if not self.follows_clock:
            start = max(start, self.anchor)
        first = _to_seconds(start)
        first += _from_seconds(first) < start
        last = self._last
        day = first // _DAY_SECONDS + 1
        for group in self._groups(day, day + _SEARCH_DAYS):
            for index in range(bisect_left(group, first), len(group)):
                found = _from_seconds(group[index])
                if last is not None and found > last:
                    return
                yield found

    def count(self, start: datetime, end: datetime) -> int:
        """How many of those times are not earlier than ``start``, and earlier than ``end``."""
        if not self.follows_clock:
            start = max(start, self.anchor)
        if self._last is not None:
            end = min(end, self._last + _SECOND)
        if end <= start:
            return 0
        first, stop = (_to_seconds(moment + _SECOND - _INSTANT) for moment in (start, end))
        last_day = stop // _DAY_SECONDS + 1
        if self.params.bysetpos:
            last_day += _LONGEST_PERIOD  # its positions are counted from either end of a whole one
        groups = self._groups(first // _DAY_SECONDS + 1, last_day)
        return sum(bisect_left(group, stop) - bisect_left(group, first) for group in groups)

    @cached_property
    def _last(self) -> datetime | None:
        """The last occurrence, if ``count`` sets one and it can be reached."""
        if self.params.count is None:
            return None
        found = self._nth(self.params.count)
        return None if found is None or found > _LAST_SECOND else _from_seconds(found)

    def _nth(self, number: int) -> int | None:
        """The n-th occurrence; None if it is too far away to matter."""
        first = _to_seconds(self.anchor)
        day = self.anchor.toordinal()
        if self._days_are_alike:
            times = self._times_of_day(day)
            step = self.params.interval if self.frequency == "DAILY" else 1
            days, place = divmod(bisect_left(times, first % _DAY_SECONDS) + number - 1, len(times))
            return (day - 1 + days * step) * _DAY_SECONDS + times[place]
        for group in self._groups(day, day + _COUNT_DAYS):
            skipped = bisect_left(group, first)
            if len(group) - skipped >= number:
                return group[skipped + number - 1]
            number -= len(group) - skipped
        return None

    @cached_property
    def _days_are_alike(self) -> bool:
        params = self.params
        if params.bymonth or any(getattr(params, name) for name in _DAY_LISTS):
            return False
        if self.frequency in UNIT_SECONDS:
            return params.interval == 1 and len(self._times_of_day(1)) > 0
        return self.frequency == "DAILY" and not params.bysetpos

    def _groups(self, first: int, last: int) -> Iterator[Sequence[int]]:
        """Occurrences as ascending seconds, in portions that can be counted."""
        if self.params.bysetpos and self.frequency not in UNIT_SECONDS:
            yield from self._chosen_of_periods(first, last)
            return
        for day in self._days.days(first, last):
            ordinal = day.toordinal()
            yield Grid((ordinal - 1,), self._times_of_day(ordinal), _DAY_SECONDS)

    def _chosen_of_periods(self, first: int, last: int) -> Iterator[Sequence[int]]:
        begin = self._days.period_start(date.fromordinal(first))
        days = self._days.days(max(begin, 1), last)
        for _, members in groupby(days, self._days.period_of):
            ordinals = [day.toordinal() - 1 for day in members]
            yield _choose(Grid(ordinals, self._clock_times, _DAY_SECONDS), self.params.bysetpos)

    def _times_of_day(self, ordinal: int) -> Sequence[int]:
        """Seconds of the day; in rules more frequent than daily, each day has its own."""
        unit = UNIT_SECONDS.get(self.frequency)
        if unit is None:
            return self._clock_times
        begin = (ordinal - 1) * _DAY_SECONDS // unit
        phase = (_to_seconds(self.anchor) // unit - begin) % self.params.interval
        if self._units is None:
            units: Sequence[int] = range(phase, _DAY_SECONDS // unit, self.params.interval)
        else:
            units = self._units.get(phase, ())
        return Grid(units, self._within_unit, unit)

    @cached_property
    def _days(self) -> RuleDays:
        return RuleDays(self.frequency, self.anchor.date(), self._filled)

    @cached_property
    def _clock_times(self) -> Sequence[int]:
        filled = self._filled
        return Grid(Grid(filled.byhour, filled.byminute, _MINUTE), filled.bysecond, _MINUTE)

    @cached_property
    def _units(self) -> dict[int, list[int]] | None:
        """Hours, minutes or seconds of a day that may be used, by their place in the interval.

        None if all may be.
        """
        params = self.params
        lists: list[tuple[Values, int]] = [(params.byhour, 24)]
        if self.frequency in ("MINUTELY", "SECONDLY"):
            lists.append((params.byminute, _MINUTE))
        if self.frequency == "SECONDLY":
            lists.append((params.bysecond, _MINUTE))
        if not any(values for values, _ in lists):
            return None
        usable: Sequence[int] = (0,)
        for values, size in lists:
            usable = Grid(usable, values or range(size), size)
        phases: dict[int, list[int]] = {}
        for unit in usable:
            phases.setdefault(unit % params.interval, []).append(unit)
        return phases

    @cached_property
    def _within_unit(self) -> Sequence[int]:
        """Seconds of the hour or minute, after ``bysetpos`` has chosen among them."""
        filled = self._filled
        within: Sequence[int] = (0,)
        if self.frequency == "HOURLY":
            within = Grid(filled.byminute, filled.bysecond, _MINUTE)
        elif self.frequency == "MINUTELY":
            within = filled.bysecond
        return _choose(within, filled.bysetpos) if filled.bysetpos else within

    @cached_property
    def _filled(self) -> RuleParams:
        """The parameters, with what they leave open taken from the anchor."""
        params, anchor = self.params, self.anchor
        found: dict[str, Values] = {
            "byhour": params.byhour or (anchor.hour,),
            "byminute": params.byminute or (anchor.minute,),
            "bysecond": params.bysecond or (anchor.second,),
        }
        if not any(getattr(params, name) for name in _DAY_LISTS):
            if self.frequency == "YEARLY":
                found["bymonth"] = params.bymonth or (anchor.month,)
            if self.frequency in ("YEARLY", "MONTHLY"):
                found["bymonthday"] = (anchor.day,)
            if self.frequency == "WEEKLY":
                found["byweekday"] = (anchor.weekday(),)
        return replace(params, **found)  # type: ignore[arg-type]


def _choose(members: Sequence[int], positions: Values) -> list[int]:
    count = len(members)
    indexes = {place - 1 if place > 0 else count + place for place in positions}
    return [members[index] for index in sorted(indexes) if 0 <= index < count]


def _to_seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _SECOND


def _from_seconds(seconds: int) -> datetime:
    return _EPOCH + seconds * _SECOND
