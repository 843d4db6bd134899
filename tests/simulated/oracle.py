"""When a rule fires, by asking each minute. Knows nothing of the package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class OnTheClock:
    """Minutes of the day on a zone's clock, on some days of the week (Monday is 0).

    ``follows`` for cron expressions with a wildcard minute or hour: they go by what clocks show,
    twice in a repeated hour and not at all in a skipped one. Fixed times run once: the first
    time, or at the end of the gap.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    weekdays: frozenset[int]
    zone: str
    follows: bool

    def fires(self, moment: datetime) -> bool:
        """Whether it fires in this minute (UTC)."""
        local = moment.astimezone(ZoneInfo(self.zone))
        if self.follows:
            return self._names(local)
        if local.fold:
            return False
        return self._names(local) or any(map(self._names, _skipped(moment, local)))

    def _names(self, local: datetime) -> bool:
        return (
            local.minute in self.minutes
            and local.hour in self.hours
            and local.weekday() in self.weekdays
        )


@dataclass(frozen=True, kw_only=True)
class Every:
    """Each so many minutes that pass, from the first time on."""

    minutes: int
    first: datetime

    def fires(self, moment: datetime) -> bool:
        """Whether it fires in this minute (UTC)."""
        return (
            moment >= self.first and (moment - self.first) % (self.minutes * MINUTE) == timedelta()
        )


Rule = OnTheClock | Every


def occurrences(rule: Rule, after: datetime, until: datetime) -> list[datetime]:
    """All minutes later than ``after`` and not later than ``until`` in which it fires."""
    return [moment for moment in _minutes(after, until) if rule.fires(moment)]


def _minutes(after: datetime, until: datetime) -> Iterator[datetime]:
    moment = after.replace(second=0, microsecond=0)
    while (moment := moment + MINUTE) <= until:
        yield moment


def _skipped(moment: datetime, local: datetime) -> Iterator[datetime]:
    """What clocks have just skipped, if they have."""
    shown = (moment - MINUTE).astimezone(local.tzinfo).replace(tzinfo=None) + MINUTE
    while shown < local.replace(tzinfo=None):
        yield shown
        shown += MINUTE
