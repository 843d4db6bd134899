"""Occurrences that will not be run: the job moves past them, and a row says why."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from chroniker import constants, settings, signals
from chroniker.constants import Misfire, Overlap
from chroniker.dispatch.gates import Gate, Name, Situation, shut
from chroniker.models import Job, Log, claims
from chroniker.models.announcing import announce
from chroniker.models.skipped import write_skipped
from chroniker.moments import to_instant, to_stored

logger = logging.getLogger("chroniker.dispatch")

_A_MOMENT = timedelta(microseconds=1)

_IN_VAIN = {Name.WINDOW, Name.MISFIRE, Name.DEPENDENCIES, Name.KEY, Name.CAPACITY}
"""What need not open for a job whose active time is over."""

ITS_NEXT_OCCURRENCE = "its next occurrence"
"""Who stops a run that is to be restarted, as its log names it."""


def pass_over(job: Job, gates: list[Gate], now: Situation) -> bool:
    """Move the job past what its policies say is not to be run; whether it was moved.

    Only once nothing else keeps it: what is missed in one stretch is then one row. What a job has
    not run when its active time is over has nothing to wait for any more.
    """
    passed = not_to_be_run(job, gates, now)
    if passed is None:
        return False
    if passed.ends_holder:
        _end_holder(job, now)
        return False
    return _pass_until(job, now, passed.until, passed.reason)


@dataclass(frozen=True, kw_only=True)
class Passed:
    """Until when (included) a job's occurrences are not to be run, and why.

    ``ends_holder``: they are to be run; what holds the job's key makes room for them.
    """

    until: datetime
    reason: str
    ends_holder: bool = False


def not_to_be_run(job: Job, gates: list[Gate], now: Situation) -> Passed | None:
    """What of this job its policies say is not to be run; None if it only has to wait."""
    kept = [gate.name for gate in shut(gates)]
    if kept == [Name.MISFIRE]:
        grace = timedelta(seconds=job.misfire_grace_seconds)
        reason = f"missed by more than {job.misfire_grace_seconds} s"
        return Passed(until=now.now - grace - _A_MOMENT, reason=reason)
    if Name.WINDOW in kept and job.is_over(now.now) and _IN_VAIN.issuperset(kept):
        return Passed(until=now.now, reason="the time in which the job is active was over")
    if kept == [Name.KEY] and job.shares_by_command and not job.force_run and not job.is_chained:
        restarts = job.overlap_policy == Overlap.RESTART
        reason = next(iter(shut(gates))).reason
        return Passed(until=now.now, reason=reason, ends_holder=restarts)
    return None


def let_go_of_retry(job: Job, now: datetime) -> bool:
    """Give up retries that the next occurrence supersedes; whether the job was moved on to that.

    A backfill gives up none.
    """
    occurrence = job.occurrence
    no_longer = job.retry_at is None or job.misfire_policy == Misfire.BACKFILL
    if no_longer or occurrence is None or job.frequency in constants.WITHOUT_TIMES:
        return False
    came_since = job.occurrences_between(occurrence, now)
    newer = came_since[_stood_for(job, occurrence) - 1 :] if came_since else []
    if not newer:
        return False
    with transaction.atomic(using=job._state.db):
        return claims.move(job, newer[0])


def _stood_for(job: Job, occurrence: datetime) -> int:
    """For how many occurrences the attempt stood that failed: the retry is for these as well."""
    tried = Log.objects.using(job._state.db).filter(
        job=job.pk, slot=job.slot, scheduled_for=to_stored(occurrence)
    )
    return tried.order_by("-pk").values_list("occurrences", flat=True).first() or 1


def end_overdue_runs(now: Situation) -> None:
    """Ask those runs to end whose job restarts them with its next occurrence, which has come.

    Not of a job that is paused, or whose active time is over, nor on a host that is drained: what
    runs goes on, for no other could start.
    """
    if now.drained_until is not None:
        return
    for job in claims.all_running(now.database):
        if job.overlap_policy != Overlap.RESTART or job.force_stop or not job.enabled:
            continue
        if job.is_over(now.now) or now.pauses.holding(job) is not None:
            continue
        try:
            coming = _coming(job, to_instant(job.last_run_start_timestamp) or now.now)
        except (ValueError, OverflowError) as error:  # InvalidSchedule is a ValueError
            logger.error("job=%s cannot be scheduled: %s", job.pk, error)
            continue
        if coming is not None and coming <= now.now:
            claims.request_stop(now.database, [job.pk], ITS_NEXT_OCCURRENCE)


def _coming(job: Job, started: datetime) -> datetime | None:
    """When the run that was started then has to make room for the next."""
    next_run = to_instant(job.next_run)
    if next_run is not None and next_run > started:
        return next_run  # the run is for none, for it was asked for
    return job.next_after(started)


def _pass_until(job: Job, now: Situation, until: datetime, reason: str) -> bool:
    """Move on to the first occurrence later than ``until``."""
    occurrence = job.occurrence
    if occurrence is None or occurrence > until:
        # Its own time is near enough, only the jitter took it past the grace.
        return False
    passed = [occurrence, *job.occurrences_between(occurrence, until)]
    with transaction.atomic(using=job._state.db):
        if not claims.move(job, job.next_after(max(until, occurrence))):
            return False
        log = write_skipped(job, passed, reason, now=now.now, hostname=settings.hostname())
    if log is not None:
        announce(signals.run_skipped, now.database, log.pk)
    return True


def _end_holder(job: Job, now: Situation) -> None:
    """Ask the run that holds the job's key to end, so that this one can begin."""
    holders = Log.objects.using(now.database).filter(holds_key=job.key)
    claims.request_stop(now.database, list(holders.values_list("job_id", flat=True)), job.name)
