"""The runs of a stretch of time, summed up by the database where there are many of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Trunc

from chroniker.admin.pages.bars import Runs
from chroniker.admin.pages.window import Window
from chroniker.constants import Status
from chroniker.models import Job, Log
from chroniker.moments import to_instant, to_stored

MOST_OF_A_JOB = 11_000
"""So many runs of a job are counted, more than one a minute for a week."""

MOST_OF_ALL = 20_000
"""So many runs are counted where they are those of all jobs."""


def with_bounds(jobs: Any, window: Window) -> Any:
    """Each job with what bounds the search for its runs, for no further query.

    ``known_from``: the start of its ``MOST_OF_A_JOB``-th run before the window's end, if it has so
    many. ``run_before``: the last run that started before the window, which may reach into it.
    """
    logs = Log.objects.filter(job=OuterRef("pk")).order_by("-run_start_datetime")
    counted = logs.filter(run_start_datetime__lt=to_stored(window.end))
    before = logs.filter(run_start_datetime__lt=to_stored(window.start))
    return jobs.annotate(
        known_from=Subquery(
            counted.values("run_start_datetime")[MOST_OF_A_JOB : MOST_OF_A_JOB + 1]
        ),
        run_before=Subquery(before.values("pk")[:1]),
    )


def of_jobs(jobs: list[Job], window: Window) -> list[Runs]:
    """The runs of these jobs (see :func:`with_bounds`), each on the lane of its job."""
    if not jobs:
        return []
    ids = [job.pk for job in jobs]
    bounded = {job.pk: known_from(job, window) for job in jobs}
    plain = [pk for pk, begin in bounded.items() if begin is None]
    wanted = Q(job__in=plain, run_start_datetime__gte=to_stored(window.start))
    for pk, begin in bounded.items():
        if begin is not None:
            wanted |= Q(job=pk, run_start_datetime__gte=to_stored(begin))
    found = _summed_up(Log.objects.filter(wanted), window, "job_id")
    before = [job.run_before for job in jobs if job.run_before is not None]  # type: ignore[attr-defined]
    running = Q(job__in=ids, status=Status.RUNNING)
    reaching = Log.objects.filter(Q(pk__in=before) | running)
    return [*found, *_reaching_in(reaching, window, "job_id")]


def of_hosts(window: Window, jobs: Any = None) -> tuple[list[Runs], datetime | None]:
    """The runs of all jobs, or of these, each on the lane of its host.

    Also from when on all of them are known, if that is not the whole window.
    """
    logs = Log.objects.all() if jobs is None else Log.objects.filter(job__in=jobs.values("pk"))
    newest = logs.filter(run_start_datetime__lt=to_stored(window.end))
    newest = newest.order_by("-run_start_datetime")
    reached = newest.values_list("run_start_datetime", flat=True)
    bound = to_instant(next(iter(reached[MOST_OF_ALL : MOST_OF_ALL + 1]), None))
    begin = window.start if bound is None else max(bound, window.start)
    since = logs.filter(run_start_datetime__gte=to_stored(begin))
    found = list(_summed_up(since, window, "hostname"))
    found += _reaching_in(logs.filter(status=Status.RUNNING), window, "hostname")
    return found, begin if begin > window.start else None


def known_from(job: Any, window: Window) -> datetime | None:
    """From when on all runs of the job are known, if that is not the whole window."""
    moment = to_instant(job.known_from)
    return moment if moment is not None and moment > window.start else None


def _summed_up(logs: Any, window: Window, lane: str) -> Iterator[Runs]:
    """One row for the runs that began in the same second, minute or hour and ended alike."""
    groups = {lane, "job_id", "status", "success", "on_time", "grain"}
    rows = (
        logs.filter(run_start_datetime__lt=to_stored(window.end))
        .annotate(grain=Trunc("run_start_datetime", window.zoom.grain, tzinfo=UTC))
        .order_by()
        .values(*sorted(groups))
        .annotate(
            count=Count("pk"),
            begin=Min("run_start_datetime"),
            last_begin=Max("run_start_datetime"),
            end=Max("run_end_datetime"),
            log_id=Max("pk"),
            was_for=Min("scheduled_for"),
        )
    )
    return (_runs(row, lane) for row in rows.iterator())


def _reaching_in(logs: Any, window: Window, lane: str) -> list[Runs]:
    """Runs that began before the window and end in it, or go on."""
    start = to_stored(window.start)
    logs = logs.filter(run_start_datetime__lt=start).exclude(status=Status.SKIPPED)
    fields = {"pk", lane, "job_id", "status", "success", "on_time"}
    rows = logs.values(*fields, "run_start_datetime", "run_end_datetime", "scheduled_for")
    found = []
    for row in rows[:MOST_OF_A_JOB]:
        begin = row["run_start_datetime"]
        end = row["run_end_datetime"]
        if end is None or end > start:
            row |= {"begin": begin, "last_begin": begin, "end": end, "log_id": row["pk"]}
            found.append(_runs({**row, "count": 1, "was_for": None}, lane))
    return found


def _runs(row: dict[str, Any], lane: str) -> Runs:
    status = _status(row["status"], row["success"], row["on_time"])
    begin, end = to_instant(row["begin"]), to_instant(row["end"])
    if status == Status.SKIPPED:  # its row is written when it is too late
        begin = end = to_instant(row["was_for"]) or begin
    return Runs(
        lane=str(row[lane] or ""),
        job_id=row["job_id"],
        status=status,
        begin=begin,
        end=None if status == Status.RUNNING else end or begin,
        log_id=row["log_id"],
        count=row["count"],
        last_begin=to_instant(row["last_begin"]),
        jobs=frozenset({row["job_id"]}),
    )


@lru_cache(maxsize=32)
def _status(status: str | None, success: bool, on_time: bool) -> Status:  # noqa: FBT001 - columns
    return Log(status=status, success=success, on_time=on_time).state
