"""Running one job on request of code, in this process: ``Job.run()`` and ``mark_running()``."""

from __future__ import annotations

import os
import uuid
from typing import Any

from django.db import router
from django.db.models import F

from chroniker import settings
from chroniker.constants import Trigger
from chroniker.dispatch.claim import claim
from chroniker.dispatch.installation import refuse_if_held
from chroniker.executors.inline import InlineExecutor
from chroniker.host import boot_id
from chroniker.models import Job
from chroniker.models.database_clock import NowMilliseconds, database_now
from chroniker.moments import to_stored
from chroniker.notifications import sender
from chroniker.runs import ending, processes
from chroniker.runs.outcome import Outcome, failed_to_start
from chroniker.runs.run import Run


def run_here(
    job: Job,
    *,
    check_running: bool,
    force_run: bool,
    update_heartbeat: bool,
    anyway: bool = False,
) -> Outcome | None:
    """Run this job here, if it is due and may run; returns its outcome, None if it was not run.

    ``force_run`` asks for nothing but that no other run is going on; the schedule then stays as
    it is. Without ``check_running`` a job that was marked as running counts as due too, but is
    still not run beside a run that holds a claim. Raises HeldInstallation, unless it is to be run
    ``anyway``, where the tables belong to another installation.
    """
    database = router.db_for_write(Job, instance=job)
    now = database_now(database)
    if not anyway:
        refuse_if_held(database)
    current = Job.objects.using(database).get(pk=job.pk)
    if not force_run:
        due = current.is_due(check_running=check_running, now=now)
        if not due or not current.dependencies_met():
            return None
    ended: list[Outcome] = []
    executor = InlineExecutor(lambda _run, outcome: ended.append(outcome), echo=True)
    run = claim(
        current,
        now,
        trigger=_trigger(current, force_run=force_run),
        lock_file_of=executor.lock_file,
        heartbeat=update_heartbeat,
    )
    if run is None:
        return None
    _launch(executor, run)
    sender.send_here(database, log_id=run.log_id)
    job.refresh_from_db()
    return ended[0]


def _trigger(job: Job, *, force_run: bool) -> Trigger:
    if force_run:
        return Trigger.DIRECT
    return Trigger.FORCED if job.force_run else Trigger.SCHEDULE


def _launch(executor: InlineExecutor, run: Run) -> None:
    try:
        executor.launch(run)
    except Exception as error:
        # This process may live for long: nobody would free the job before its end.
        ending.close(run, failed_to_start(run, str(error)))
        raise


def mark_running(job: Job, lock_file: str) -> None:
    """Claim a job for this process without a run, in the database and on this object.

    Nobody renews such a claim: it holds until the process ends, it is given up, or two leases
    have passed (the most that a lease can be without looking as if a clock had been set).
    """
    database = router.db_for_write(Job, instance=job)
    now = to_stored(database_now(database))
    values: dict[str, Any] = {
        "is_running": True,
        "last_run_start_timestamp": now,
        "last_heartbeat": now,
        "current_hostname": settings.hostname(),
        "current_pid": str(os.getpid()),
        "current_pid_created": processes.created(os.getpid()),
        "total_parts": 0,
        "total_parts_complete": 0,
        "lock_file": lock_file,
        "claim_token": uuid.uuid4().hex,
        "boot_id": boot_id(),
        "lease_expires": NowMilliseconds() + int(2 * settings.CHRONIKER_LOCK_TIMEOUT * 1000),
        "fence": F("fence") + 1,
    }
    Job.objects.using(database).filter(pk=job.pk).update(**values)
    job.refresh_from_db(fields=values)
