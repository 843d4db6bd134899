"""The way up from models for 1.x code: ``job.run()``, ``Job.objects.end_all_stale()`` and mail.

Everything else imports downwards only; these calls were methods of models in 1.x and stay so.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from chroniker.exceptions import HeldInstallation

if TYPE_CHECKING:
    from chroniker.models.job import Job
    from chroniker.models.log import Log

logger = logging.getLogger("chroniker.models")


def run_job(job: Job, *, check_running: bool, force_run: bool, update_heartbeat: bool) -> bool:
    """Run a job in this process; see :func:`chroniker.dispatch.direct.run_here`."""
    from chroniker.dispatch import direct

    try:
        outcome = direct.run_here(
            job, check_running=check_running, force_run=force_run, update_heartbeat=update_heartbeat
        )
    except HeldInstallation as held:
        logger.warning("job=%s is not run: %s", job.pk, held)
        return False
    return outcome is not None


def why_not_running(job: Job, *, by_hand: bool | None) -> list[Any]:
    """The gates of a job; see :func:`chroniker.dispatch.why.why_not_running`."""
    from django.db import router

    from chroniker.dispatch import why
    from chroniker.models.database_clock import database_now

    current = type(job)._default_manager.using(router.db_for_write(type(job), instance=job))
    now = database_now(current.db)
    return list(why.why_not_running(current.get(pk=job.pk), now, by_hand=by_hand))


def mark_running(job: Job, lock_file: str) -> None:
    """Claim a job for this process; see :func:`chroniker.dispatch.direct.mark_running`."""
    from chroniker.dispatch import direct

    direct.mark_running(job, lock_file)


def monitor_address(job: Job) -> str | None:
    """Where a monitor's rows are; see :func:`chroniker.monitors.link.address_of`."""
    from chroniker.moments import utc_now
    from chroniker.monitors import link

    return link.address_of(job, utc_now())


def end_all_stale(using: str) -> None:
    """Record every stale run as lost; see :func:`chroniker.dispatch.recovery.end_stale`."""
    from chroniker.dispatch import recovery

    recovery.end_stale(using)


def mail_subscribers(log: Log) -> None:
    """Mail a run's end; see :func:`chroniker.notifications.mail_subscribers`."""
    from chroniker import notifications

    notifications.mail_subscribers(log)
