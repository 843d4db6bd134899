"""What is to come, day by day: few runs one by one, many as their number."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chroniker.admin.pages.month import Day, day_of
from chroniker.models.agenda import Agenda, Coming, Hold, Holds, agenda

_FEW = 100
"""So many runs of a job are looked for at first: of most jobs these are all."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The runs of a job on one day: all their moments, or the first of more than are listed."""

    job: Any
    words: str
    moments: list[datetime]
    count: int
    hold: Hold | None
    clock_change: bool
    """Whether clocks of the job's own zone are put forward or back meanwhile."""

    @property
    def is_frequent(self) -> bool:
        """Whether they are too many to be listed."""
        return self.count > len(self.moments)


def by_day(
    jobs: Iterable[Any], days: Sequence[Day], holds: Holds, now: datetime, limit: int
) -> list[list[Entry]]:
    """For each day the runs to come, a job's by its first; at most ``limit`` listed of a job."""
    found: list[list[Entry]] = [[] for _day in days]
    coming = [day for day in days if day.end > now]
    if not coming:
        return found
    skipped = len(days) - len(coming)
    for job in jobs:
        plan = agenda(job, now)
        for number, each in enumerate(_of_days(plan, coming, now, limit)):
            if each.count:
                entry = _entry(job, plan, each, coming[number], holds)
                found[skipped + number].append(entry)
    for entries in found:
        entries.sort(key=lambda entry: (entry.is_frequent, entry.moments[0], entry.job.pk))
    return found


def _of_days(plan: Agenda, days: Sequence[Day], now: datetime, limit: int) -> Iterator[Coming]:
    """The runs of each of these days, which follow each other."""
    start = max(now, days[0].start)
    few = plan.between(start, days[-1].end, _FEW)
    is_all = few.count == len(few.moments)
    for day in days:
        if not is_all:
            yield plan.between(max(now, day.start), day.end, limit)
            continue
        first, stop = (bisect_left(few.moments, moment) for moment in (day.start, day.end))
        yield Coming(few.moments[first:stop][:limit], stop - first)


def _entry(job: Any, plan: Agenda, coming: Coming, day: Day, holds: Holds) -> Entry:
    zone = ZoneInfo(job.valid_zone_name)
    first = coming.moments[0]
    hold = holds.at(job, first)
    if hold is not None and coming.count > 1 and not hold.covers(_last(plan, coming, day)):
        hold = None  # some of them will run
    there = day_of(first.astimezone(zone).date(), zone)
    return Entry(
        job=job,
        words=plan.words,
        moments=coming.moments,
        count=coming.count,
        hold=hold,
        clock_change=bool(there.clock_change),
    )


def _last(plan: Agenda, coming: Coming, day: Day) -> datetime:
    """The last run of a day or, of many, the moment until which there may be some."""
    return coming.moments[-1] if coming.count == len(coming.moments) else day.end
