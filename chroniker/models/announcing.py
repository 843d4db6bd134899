"""Telling the project's own code, and the log of events, what has become of a run."""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import connections, transaction
from django.dispatch import Signal

from chroniker import events, signals
from chroniker.models.hiccups import HICCUPS
from chroniker.models.job import Job
from chroniker.models.log import Log
from chroniker.moments import to_instant

logger = logging.getLogger("chroniker.runs")

_NAMES = {
    signals.run_started: "run_started",
    signals.run_finished: "run_finished",
    signals.run_skipped: "run_skipped",
}


def announce(signal: Signal, database: str, log_id: int) -> None:
    """Send a signal about this run, as it is stored now, and log it as an event.

    To be called when that is committed. Never raises: the run is as it is.
    """
    if not (signal.receivers or events.is_on(logging.ERROR)):
        return
    try:
        log = Log.objects.using(database).select_related("job").get(pk=log_id)
    except (Log.DoesNotExist, *HICCUPS) as error:
        logger.warning("run=%s nobody is told of it: %s", log_id, error)
        connections[database].close_if_unusable_or_obsolete()
        return
    events.write(_NAMES[signal], **_facts(log))
    signals.send(signal, Job, f"run={log_id}", job=log.job, log=log, status=log.state)


def announce_once_committed(signal: Signal, database: str, log_id: int) -> None:
    """The same, for a caller that is in a transaction."""
    tell = partial(announce, signal, database, log_id)
    transaction.on_commit(tell, using=database, robust=True)


def log_request(event: str, database: str, jobs: Collection[int], by: str | None) -> None:
    """Log what somebody (or some job) has asked of these jobs, once that is committed."""
    if not events.is_on():
        return

    def write() -> None:
        named = Job.objects.using(database).filter(pk__in=jobs).values_list("pk", "name")
        for pk, name in named:
            events.write(event, job_id=pk, job=name, by=by)

    transaction.on_commit(write, using=database, robust=True)


def _facts(log: Log) -> dict[str, Any]:
    return {
        "job_id": log.job_id,
        "job": log.job.name,
        "run_id": log.pk,
        "status": log.state,
        "trigger": log.trigger,
        "triggered_by": log.triggered_by,
        "attempt": log.attempt,
        "host": log.hostname,
        "scheduled_for": to_instant(log.scheduled_for),
        "occurrences": log.occurrences,
        "started": to_instant(log.run_start_datetime),
        "ended": to_instant(log.run_end_datetime),
        "duration_seconds": None if log.duration is None else log.duration.total_seconds(),
        "lateness_seconds": None if log.lateness_ms is None else log.lateness_ms / 1000,
        "exit_code": log.exit_code,
        "reason": log.reason or None,
    }
