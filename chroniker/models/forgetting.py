"""Making a job one that was never run."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from chroniker import constants
from chroniker.models.claimable import WELL
from chroniker.models.job import Job
from chroniker.models.job_host import JobHost

_NEVER: dict[str, Any] = {
    "last_run_start_timestamp": None,
    "last_run": None,
    "last_run_successful": None,
    "last_ended": None,
    "last_success": None,
    "attempt": 0,
    "retry_at": None,
    **WELL,
}


def has_state(job: Job) -> bool:
    """Whether there is anything to forget of this job."""
    return any(getattr(job, name) != value for name, value in _NEVER.items())


def forget(job: Job) -> bool:
    """Let this job be one that was never run; its logs stay. False, and nothing done, if it runs.

    Its schedule starts anew, at its first occurrence from now; a job that runs once keeps its time.
    """
    database = job._state.db
    jobs, rows = Job.objects.using(database), JobHost.objects.using(database)
    with transaction.atomic(using=database):
        idle = jobs.idle().filter(pk=job.pk)
        is_free = not rows.all_running().filter(job=job.pk).exists()
        if not (is_free and idle.update(**_NEVER, error=None, held_until=None)):
            return False
        # Each host's row follows the job's next run, which is another revision then.
        rows.filter(job=job.pk).update(**_NEVER)
        forgotten = jobs.get(pk=job.pk)
        if forgotten.frequency != constants.ONCE:
            forgotten.next_run = None
            forgotten.save(using=database)
    return True
