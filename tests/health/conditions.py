"""Jobs and hosts in trouble, as rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chroniker.constants import Status
from chroniker.models import Host, Job, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import due_job


def ago(minutes: float) -> Any:
    """So many minutes ago, as it is stored."""
    return to_stored(database_now("default") - timedelta(minutes=minutes))


def ticked(name: str = "web1", minutes: float = 0, **values: Any) -> Host:
    """A host whose last tick was so long ago."""
    made: Host = Host.objects.create(hostname=name, last_tick=ago(minutes), **values)
    return made


def late_job(name: str = "late", minutes: float = 60, **values: Any) -> Job:
    """A job that should have begun."""
    job = due_job(name=name, **values)
    Job.objects.filter(pk=job.pk).update(next_run=ago(minutes), next_occurrence=ago(minutes))
    return job


def failing_job(name: str = "failing", times: int = 1, **values: Any) -> Job:
    """A job whose last runs have failed, with an exception."""
    job = due_job(name=name, **values)
    for number in range(times):
        Log.objects.create(
            job=job,
            status=Status.FAILED,
            success=False,
            reason="exit status 1",
            stderr="Traceback (most recent call last):\n  ...\nValueError: no such thing\n",
            duration_ms=1000,
            run_start_datetime=ago(10 * (times - number)),
            run_end_datetime=ago(10 * (times - number) - 1),
        )
    Job.objects.filter(pk=job.pk).update(
        last_run_successful=False, last_run=ago(10), next_run=ago(-60), next_occurrence=ago(-60)
    )
    return job


def running_job(name: str = "running", minutes: float = 1, **values: Any) -> Job:
    """A job that claims to run, with its last sign of life so long ago."""
    job = due_job(name=name, **values)
    Job.objects.filter(pk=job.pk).update(
        is_running=True,
        last_heartbeat=ago(minutes),
        last_run_start_timestamp=ago(minutes),
        current_hostname="web1",
    )
    return job
