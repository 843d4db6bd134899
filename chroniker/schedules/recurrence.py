"""Recurrence rules (rrule) in a job's own time zone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from math import lcm

from chroniker.schedules.base import Schedule, in_utc
from chroniker.schedules.clock_count import count_fixed, count_following
from chroniker.schedules.params import RuleParams, parse_params
from chroniker.schedules.rule import UNIT_SECONDS, Rule
from chroniker.schedules.rule_words import describe_rule
from chroniker.schedules.wall_clock import (
    next_fixed,
    next_following,
    real_instants,
    wall_time,
)

_INSTANT = timedelta.resolution
_DAYS_OF_A_ROUND = {"SECONDLY": 1, "MINUTELY": 1, "HOURLY": 1, "DAILY": 1, "WEEKLY": 7}
"""After so many days, times the interval, clock and weekday stand as they did."""


def make_rule(
    frequency: str, params: str, zone: tzinfo, anchor: datetime | None, *, strict: bool
) -> Schedule:
    """The schedule of a rule; InvalidSchedule if ``params`` cannot be read."""
    parsed = parse_params(params, strict=strict)
    if anchor is not None:
        anchor = anchor.replace(microsecond=0)
    if frequency in UNIT_SECONDS and not parsed.filters:
        return ElapsedSchedule(frequency, parsed, zone, anchor)
    return ClockSchedule(frequency, parsed, zone, anchor)


@dataclass(frozen=True)
class RuleSchedule(Schedule):
    """What both readings of a rule share. ``anchor`` is in UTC and has no microseconds."""

    frequency: str
    params: RuleParams
    zone: tzinfo
    anchor: datetime | None

    def describe(self) -> str:
        first = None if self.anchor is None else wall_time(self.anchor, self.zone)
        return f"{describe_rule(self.frequency, self.params, first)} ({self.zone})"

    @property
    def _field(self) -> str:
        return "params"

    def _why_never(self) -> str:
        if self.params.count is None and self.params.until is None:
            return super()._why_never()
        return f"No occurrence is left: {self.describe()}."


@dataclass(frozen=True)
class ElapsedSchedule(RuleSchedule):
    """Every so many hours, minutes or seconds, whatever clocks show meanwhile."""

    def reaching_back(self, moment: datetime) -> Schedule:
        if self.anchor is None or self.params.count is not None or self.anchor <= moment:
            return self
        step = timedelta(seconds=self.params.interval * UNIT_SECONDS[self.frequency])
        return replace(self, anchor=self.anchor - -(-(self.anchor - moment) // step) * step)

    def _search(self, moment: datetime) -> datetime | None:
        anchor = self.anchor or moment.replace(microsecond=0)
        step = timedelta(seconds=self.params.interval * UNIT_SECONDS[self.frequency])
        passed = max((moment - anchor) // step + 1, 0)
        if self.params.count is not None and passed >= self.params.count:
            return None
        found = anchor + passed * step
        return found if self._until is None or found <= self._until else None

    def count(self, start: datetime, end: datetime) -> int:
        start, end = in_utc(start), in_utc(end)
        if self.anchor is None:
            return super().count(start, end)
        if self._until is not None:
            end = min(end, self._until)
        step = timedelta(seconds=self.params.interval * UNIT_SECONDS[self.frequency])
        passed, reached = (max((m - self.anchor) // step + 1, 0) for m in (start, end))
        if self.params.count is not None:
            reached = min(reached, self.params.count)
        return max(0, reached - passed)

    @cached_property
    def _until(self) -> datetime | None:
        until = self.params.until
        if until is None or until.tzinfo is not None:
            return until
        instants = real_instants(until, self.zone)
        return instants[-1] if instants else until.replace(tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True)
class ClockSchedule(RuleSchedule):
    """A rule that names times of day, or days: it keeps to what clocks show."""

    def reaching_back(self, moment: datetime) -> Schedule:
        if self.anchor is None or self.params.count is not None or self.anchor <= moment:
            return self
        local, target = wall_time(self.anchor, self.zone), wall_time(moment, self.zone)
        if self.frequency in _DAYS_OF_A_ROUND:
            days = timedelta(days=_DAYS_OF_A_ROUND[self.frequency] * self.params.interval)
            earlier = local - -(-(local - target) // days) * days
        else:
            # The month is the same again each year, the 29 February every four.
            months = self.params.interval * (12 if self.frequency == "YEARLY" else 1)
            years = lcm(months, 48) // 12
            earlier = local.replace(
                year=local.year - -(-(local.year - target.year + 1) // years) * years
            )
        return replace(self, anchor=real_instants(earlier, self.zone)[0])

    def _search(self, moment: datetime) -> datetime | None:
        anchor = self.anchor or moment.replace(microsecond=0)
        rule = self._rule if self.anchor else self._rule_from(anchor)
        search = next_following if rule.follows_clock else next_fixed

        def local_times(start: datetime) -> Iterator[datetime]:
            until = self._until
            for local in rule.times_from(start):
                if until is not None and local > until:
                    return
                yield local

        # Nothing may precede the anchor, but the anchor itself may be an occurrence.
        return search(local_times, max(moment, anchor - _INSTANT), self.zone)

    def count(self, start: datetime, end: datetime) -> int:
        if self.anchor is None:
            return super().count(start, end)
        start, end = max(in_utc(start), self.anchor - _INSTANT), in_utc(end)
        if end <= start:
            return 0
        rule = self._rule
        counted = count_following if rule.follows_clock else count_fixed

        def count_local(begin: datetime, stop: datetime) -> int:
            until = self._until
            return rule.count(begin, stop if until is None else min(stop, until + _INSTANT))

        return counted(count_local, start, end, self.zone)

    def _rule_from(self, anchor: datetime) -> Rule:
        return Rule(self.frequency, wall_time(anchor, self.zone), self.params)

    @cached_property
    def _rule(self) -> Rule:
        assert self.anchor is not None  # noqa: S101 - only asked for when there is one
        return self._rule_from(self.anchor)

    @cached_property
    def _until(self) -> datetime | None:
        until = self.params.until
        return until if until is None or until.tzinfo is None else wall_time(until, self.zone)
