"""The row for occurrences that were not run: how many from which on, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from chroniker.constants import Status, Trigger
from chroniker.models import tally
from chroniker.models.job import Job
from chroniker.models.log import Log
from chroniker.models.schedulable import MOST_COUNTED
from chroniker.moments import is_ambiguous, to_stored


def write_skipped(
    job: Job, occurrences: Sequence[datetime], reason: str, *, now: datetime, hostname: str
) -> Log | None:
    """Say of these occurrences of a job (or of its slot) that they were not run.

    To be called in the transaction that moves the job past them. Returns None if they are
    accounted for already.
    """
    if not occurrences:
        return None
    if len(occurrences) >= MOST_COUNTED:
        reason += "; more were missed than were counted"
    database = job._state.db or "default"
    first, moment = occurrences[0], to_stored(now)
    try:
        # In a savepoint: the database may know a row for these, and what called us goes on.
        with transaction.atomic(using=database):
            log: Log = Log.objects.using(database).create(
                job_id=job.pk,
                slot=job.slot,
                hostname=hostname,
                status=Status.SKIPPED,
                reason=reason,
                success=False,
                # As with runs: a naive time in a repeated hour names two of them.
                scheduled_for=None if is_ambiguous(first) else to_stored(first),
                occurrences=len(occurrences),
                attempt=0,
                trigger=Trigger.SCHEDULE,
                run_start_datetime=moment,
                run_end_datetime=moment,
                duration_ms=0,
            )
            tally.count(database, job.pk, Status.SKIPPED, runs=len(occurrences))
    except IntegrityError:
        return None
    return log
