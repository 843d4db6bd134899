"""What the rows of a list of jobs show, loaded in a few queries however many rows there are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, Subquery, prefetch_related_objects

from chroniker import constants
from chroniker.models import Job, JobDependency, JobHost, Log, Pause
from chroniker.moments import to_instant

RUNS = 20
"""So many of a job's last runs are drawn in its row."""

_NUMBERS = ("duration_ms", "duration_seconds", "monitor_records")


def annotated(jobs: Any, now: datetime) -> Any:
    """Jobs that know their newest ended run, and what else has to be asked for about them."""
    newest = Log.objects.carried_out().filter(job=OuterRef("pk")).order_by("-run_start_datetime")
    return jobs.annotate(
        last_log_id=Subquery(newest.values("pk")[:1]),
        last_log_status=Subquery(newest.values("status")[:1]),
        runs_since=Subquery(newest.values("run_start_datetime")[RUNS - 1 : RUNS]),
        has_host_rows=Exists(JobHost.objects.filter(job=OuterRef("pk"))),
        has_pauses=Exists(Pause.objects.active(now)),
    )


def load(jobs: Collection[Any], now: datetime) -> None:
    """Give these annotated jobs their last runs, what they wait for, and their shares of hosts."""
    runs = _last_runs(jobs)
    for job in jobs:
        job.last_runs = runs.get(job.pk, [])
    prefetch_related_objects([job for job in jobs if job.has_host_rows], "hosts")
    due = [job for job in jobs if _may_be_waiting(job, now)]
    # One query with the dependees' rows; hosts only of those that have them.
    waited_for = JobDependency.objects.select_related("dependee")
    prefetch_related_objects(due, Prefetch("dependencies", waited_for))
    everywhere = [
        dependency.dependee
        for job in due
        for dependency in job.dependencies.all()
        if dependency.dependee.hostname == constants.ALL_HOSTS
    ]
    prefetch_related_objects(everywhere, "hosts")


def _may_be_waiting(job: Job, now: datetime) -> bool:
    next_run = to_instant(job.next_run)
    return job.enabled and (job.force_run or (next_run is not None and next_run <= now))


def _last_runs(jobs: Collection[Any]) -> dict[int, list[Log]]:
    """The last ended runs of each job, oldest first."""
    wanted = [_since(job) for job in jobs if job.last_log_id is not None]
    if not wanted:
        return {}
    database = next(iter(jobs))._state.db
    logs = Log.objects.using(database).carried_out().filter(reduce(or_, wanted))
    shown = ("job", "status", "success", "on_time", "run_start_datetime", *_NUMBERS)
    found: dict[int, list[Log]] = {}
    for log in logs.only(*shown).order_by("run_start_datetime", "pk"):
        found.setdefault(log.job_id, []).append(log)
    return {job_id: runs[-RUNS:] for job_id, runs in found.items()}


def _since(job: Any) -> Q:
    mine = Q(job=job.pk)
    return mine if job.runs_since is None else mine & Q(run_start_datetime__gte=job.runs_since)


def failures_in_a_row(job: Any) -> int:
    """How many of a loaded job's last runs have failed since one did not; at most ``RUNS``."""
    count = 0
    for log in reversed(getattr(job, "last_runs", [])):
        if log.state not in constants.BAD_ENDS:
            break
        count += 1
    return count
