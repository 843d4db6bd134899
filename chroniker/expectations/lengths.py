"""Which runs take longer, or took less time, than those of their job usually do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from chroniker import settings
from chroniker.expectations import band, history
from chroniker.expectations.band import NOTHING_KNOWN, Band
from chroniker.models import Job, Log
from chroniker.moments import age, to_stored


@dataclass(frozen=True, kw_only=True)
class Unusual:
    """A run, how long it took or takes by now, and the limit that this is beyond."""

    log_id: int
    job_id: int
    name: str
    took: timedelta
    limit: timedelta
    usual: timedelta | None
    """The median of the runs before it, where there are enough of them."""


def too_long(database: str, now: datetime) -> list[Unusual]:
    """The runs that still go on at ``now`` (aware) though they should have ended by now.

    One query where nothing runs for long.
    """
    begun_long_ago = Q(run_start_datetime__lte=to_stored(now - band.LEAST_LONG))
    perhaps = begun_long_ago | Q(job__long_after_seconds__gt=0)
    running = Log.objects.using(database).running().filter(perhaps)
    rows = running.exclude(job__long_after_seconds=0).values_list(
        *("pk", "job_id", "job__name", "job__long_after_seconds", "run_start_datetime")
    )
    found = [
        _Run(pk, job_id, name, asked, age(began, now)) for pk, job_id, name, asked, began in rows
    ]
    return [
        run.beyond(limit, known)
        for run, known in _with_bands(database, found)
        if (limit := band.longest(run.asked, known, learns=_learns())) and run.took > limit
    ]


@dataclass(frozen=True, kw_only=True)
class Done:
    """A good run that has ended, and how long it took."""

    log_id: int
    job_id: int
    took: timedelta


def too_short(database: str, done: Iterable[Done]) -> list[Unusual]:
    """Those of these runs that took less than good runs of their jobs do."""
    found = list(done)
    jobs = Job.objects.using(database).filter(pk__in={one.job_id for one in found})
    if not _learns():
        jobs = jobs.filter(short_below_seconds__gt=0)
    asked = jobs.exclude(short_below_seconds=0).values_list("pk", "name", "short_below_seconds")
    known = {pk: (name, seconds) for pk, name, seconds in asked}
    runs = [
        _Run(one.log_id, one.job_id, *known[one.job_id], one.took)
        for one in found
        if one.job_id in known
    ]
    return [
        run.beyond(limit, band_of)
        for run, band_of in _with_bands(database, runs)
        if (limit := band.shortest(run.asked, band_of, learns=_learns())) and run.took < limit
    ]


@dataclass(frozen=True)
class _Run:
    log_id: int
    job_id: int
    name: str
    asked: int | None
    took: timedelta

    def beyond(self, limit: timedelta, known: Band) -> Unusual:
        return Unusual(
            log_id=self.log_id,
            job_id=self.job_id,
            name=self.name,
            took=self.took,
            limit=limit,
            usual=known.median if known.runs >= band.ENOUGH else None,
        )


def _with_bands(database: str, runs: list[_Run]) -> Iterable[tuple[_Run, Band]]:
    # A run is compared with those before it.
    judged = {run.log_id for run in runs}
    known = history.bands({run.job_id for run in runs}, database, without=judged)
    return [(run, known.get(run.job_id, NOTHING_KNOWN)) for run in runs]


def _learns() -> bool:
    return bool(settings.CHRONIKER_LEARN_EXPECTATIONS)
