"""Marking a job as run though it was not: by hand, somewhere else, or never to be made up for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from chroniker import constants
from chroniker.constants import LONGEST_USERNAME, Status, Trigger
from chroniker.models import claims
from chroniker.models.job import Job
from chroniker.models.log import Log
from chroniker.moments import is_ambiguous, to_instant, to_stored


def mark_done(job: Job, at: datetime, *, by: str, now: datetime) -> list[Log] | None:
    """Let this job be one that ran at ``at`` and succeeded; None, and nothing done, if it runs.

    Leaves a row, for each host where each runs it for itself. Its next run moves on only if it was
    not later than ``at``; jobs that wait for it find its success. All moments are aware.
    """
    database = job._state.db or "default"
    with transaction.atomic(using=database):
        logs = [_mark(each, at, by=by, now=now) for each in _slots(job)]
        if None in logs:
            transaction.set_rollback(True, using=database)
            return None
    return [log for log in logs if log is not None]


def _slots(job: Job) -> Iterator[Job]:
    """The job, or the job with the state of each host that runs it for itself."""
    if job.hostname != constants.ALL_HOSTS:
        yield job
        return
    rows = [*job.hosts.select_related("job")]
    for row in rows:
        yield row.as_job()
    if not rows:
        yield job


def _mark(job: Job, at: datetime, *, by: str, now: datetime) -> Log | None:
    database = job._state.db or "default"
    occurrence = job.occurrence
    stood_for = occurrence if occurrence is not None and occurrence <= at else None
    values = _values(job, at) | (_moved(job, at) if stood_for is not None else {})
    own = {name: value for name, value in values.items() if name in claims.CLAIMABLE_FIELDS}
    unchanged = claims.rows(database, job.slot).unchanged(job).idle().filter(fence=job.fence)
    if not unchanged.update(**own):
        return None
    jobs = Job.objects.using(database).filter(pk=job.pk)
    jobs.update(**{name: value for name, value in values.items() if _is_of_job(name, job.slot)})
    if job.slot:
        claims.move_ahead(jobs, own)
    log: Log = Log.objects.using(database).create(**_row(job, at, stood_for, by=by, now=now))
    return log


def _is_of_job(name: str, slot: str) -> bool:
    """Whether it is written to the job itself, or also to it: what jobs that wait for it ask."""
    return name not in claims.CLAIMABLE_FIELDS or bool(slot and name in claims.MIRRORED)


def _values(job: Job, at: datetime) -> dict[str, Any]:
    stored = to_stored(at)
    values: dict[str, Any] = {"attempt": 0, "retry_at": None, "error": None, "held_until": None}
    for name in ("last_run", "last_ended", "last_success", "last_run_start_timestamp"):
        before = to_instant(getattr(job, name))
        if before is None or before <= at:
            values[name] = stored
    if "last_run" in values:
        values["last_run_successful"] = True
    return values


def _moved(job: Job, at: datetime) -> dict[str, Any]:
    """The next run that is later than ``at``."""
    if job.frequency == constants.ONCE:
        return {"next_run": None, "next_occurrence": None, "enabled": False}
    if job.frequency in constants.WITHOUT_TIMES:
        return {"next_run": None, "next_occurrence": None}
    coming = job.next_after(at)
    return {
        "anchor": to_stored(job.phase),
        "next_occurrence": to_stored(coming),
        "next_run": to_stored(job.apply_jitter(coming)),
    }


def _row(
    job: Job, at: datetime, occurrence: datetime | None, *, by: str, now: datetime
) -> dict[str, Any]:
    moment = to_stored(at)
    count = 1 if occurrence is None else 1 + len(job.occurrences_between(occurrence, at))
    return {
        "job_id": job.pk,
        "slot": job.slot,
        "hostname": job.slot,
        "status": Status.SUCCEEDED,
        "success": True,
        "reason": f"marked as done by {by} at {now:%Y-%m-%d %H:%M:%S} UTC, without a run",
        # As with runs: a naive time in a repeated hour names two of them.
        "scheduled_for": None
        if occurrence is None or is_ambiguous(occurrence)
        else to_stored(occurrence),
        "occurrences": count,
        "attempt": job.attempt + 1,
        "trigger": Trigger.DIRECT,
        "triggered_by": by[:LONGEST_USERNAME],
        "run_start_datetime": moment,
        "run_end_datetime": moment,
        "duration_ms": 0,
    }
