"""What the last runs of jobs were like, from their logs; few queries, however many jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from chroniker.constants import Status, Trigger
from chroniker.expectations.band import Band
from chroniker.models import Job, Log

RUNS = 20
"""Of so many of the newest runs of a job its band is made."""

_AT_ONCE = 100
"""Jobs that one query asks about; SQLite refuses conditions that are much longer."""

_BY_TIME = {Trigger.SCHEDULE, Trigger.BACKFILL}


def runs_since() -> Subquery:
    """When the oldest run of a job began that counts: an annotation for jobs."""
    newest = Log.objects.filter(job=OuterRef("pk")).order_by("-run_start_datetime")
    return Subquery(newest.values("run_start_datetime")[RUNS - 1 : RUNS])


def bounded(jobs: Any) -> Any:
    """These jobs (a queryset), each with its ``runs_since``."""
    return jobs.annotate(runs_since=runs_since())


def bands(
    ids: Collection[int], using: str | None = None, *, without: Collection[int] = ()
) -> dict[int, Band]:
    """The band of each of these jobs that has runs; two queries for each hundred of them.

    ``without`` are logs that are left out.
    """
    jobs = Job.objects.using(using) if using else Job.objects.all()
    found: dict[int, Band] = {}
    for some in _pieces(list(ids)):
        bounds = bounded(jobs.filter(pk__in=some)).values_list("pk", "runs_since")
        found |= bands_since(dict(bounds), using, without=without)
    return found


def bands_since(
    bounds: dict[int, datetime | None],
    using: str | None = None,
    *,
    without: Collection[int] = (),
) -> dict[int, Band]:
    """The same for jobs whose ``runs_since`` is known; one query for each hundred of them."""
    lengths: dict[int, list[float]] = defaultdict(list)
    latenesses: dict[int, list[float]] = defaultdict(list)
    logs = Log.objects.using(using) if using else Log.objects.all()
    if without:
        logs = logs.exclude(pk__in=without)
    for some in _pieces(list(bounds)):
        recent = reduce(or_, (_since(pk, bounds[pk]) for pk in some))
        for row in logs.filter(recent).order_by().values_list(*_FIELDS):
            pk, status, success, attempt, trigger, late_ms, ms, seconds = row
            if late_ms is not None and attempt == 1 and trigger in _BY_TIME:
                latenesses[pk].append(max(0, late_ms) / 1000)
            if status in (Status.SKIPPED, Status.RUNNING) or not success:
                continue
            if ms is not None or seconds is not None:
                lengths[pk].append(float(seconds or 0) if ms is None else ms / 1000)
    known = lengths.keys() | latenesses.keys()
    return {pk: Band.of(lengths[pk], latenesses[pk]) for pk in known}


def usual(ids: Collection[int], using: str | None = None) -> dict[int, timedelta]:
    """The median length of each job's last good runs, without those that have none."""
    return {pk: band.median for pk, band in bands(ids, using).items() if band.runs}


_FIELDS = (
    *("job_id", "status", "success", "attempt", "trigger", "lateness_ms"),
    *("duration_ms", "duration_seconds"),
)


def _since(pk: int, since: datetime | None) -> Q:
    return Q(job=pk) if since is None else Q(job=pk, run_start_datetime__gte=since)


def _pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
