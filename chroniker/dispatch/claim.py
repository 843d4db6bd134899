"""Taking a due job: one conditional UPDATE, and the run's log in the same transaction."""

from __future__ import annotations

import logging
import os
import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q

from chroniker import settings
from chroniker.constants import Event, Misfire, Status, Trigger
from chroniker.dispatch.room import has_room, prepare_host
from chroniker.host import boot_id, uptime
from chroniker.models import Job, Log, claims
from chroniker.models.hiccups import with_retries
from chroniker.moments import is_ambiguous, to_instant, to_stored
from chroniker.notifications import outbox
from chroniker.notifications.channels import anybody_wants
from chroniker.runs import lease, processes, record
from chroniker.runs.run import Run

logger = logging.getLogger("chroniker.dispatch")

_ARGUMENTS = 64 * 1024  # characters; more cannot be split into arguments anyway


def claim(
    job: Job,
    now: datetime,
    *,
    trigger: Trigger,
    lock_file_of: Any,
    heartbeat: bool = True,
    occurrence: datetime | None = None,
    backfill_id: int | None = None,
) -> Run | None:
    """Take this job, if it is still as it was loaded; None if somebody else was faster.

    ``now`` is the database's time; ``lock_file_of`` gives the lock file's path for a token.
    ``occurrence`` is the one that a chained run or a backfill stands for (by schedule it is the
    job's own), ``backfill_id`` the order to run it. The job is free, unchanged and not forced
    otherwise than it was seen, its key is free and the host has room, or nothing is written.
    """
    now = max([now, *_ends_of_dependees(job)])
    run = _as_run(
        job,
        now,
        trigger=trigger,
        occurrence=occurrence,
        backfill_id=backfill_id,
        lock_file_of=lock_file_of,
        heartbeat=heartbeat,
    )
    prepare_host(run)
    try:
        log_id = with_retries(run.database, lambda: _try(job, run, now))
    except IntegrityError as error:
        # A second guard: the database itself knows an active run of this job, or that this
        # occurrence was run already.
        logger.warning("job=%s could not be claimed: %s", job.pk, error)
        _explain_refusal(job, run)
        return None
    return run.with_log(log_id) if log_id else None


def _try(job: Job, run: Run, now: datetime) -> int | None:
    """The transaction; the new log's id, or None if the job was not as it was seen."""
    with transaction.atomic(using=run.database):
        # The write comes first, so that on SQLite the transaction waits for its turn, and
        # elsewhere no snapshot is older than the row.
        if has_room(run) and _take(job, run, now):
            return _begin_log(job, run)
    # Perhaps an earlier try was committed, though the connection broke before it could say so.
    ours = Log.objects.using(run.database).filter(token=run.token)
    return ours.values_list("pk", flat=True).first()


def _begin_log(job: Job, run: Run) -> int:
    log_id: int = Log.objects.using(run.database).create(**_log_of(run, job)).pk
    if run.tells_start:
        outbox.note(
            run.database,
            Event.RUN_STARTED,
            now=run.claimed,
            job_id=job.pk,
            log_id=log_id,
            key=f"started:{log_id}",
            details={"job": job.name},
            hostname=run.hostname,
        )
    return log_id


def _take(job: Job, run: Run, now: datetime) -> bool:
    free = claims.rows(run.database, run.slot).unchanged(job).idle()
    if run.trigger != Trigger.DIRECT:
        # The switch is part of the definition, whose revision is asked for; but it may have been
        # thrown by an UPDATE that counts none.
        free = free.of_enabled().filter(force_run=job.force_run)
    taken = free.filter(fence=job.fence).update(
        is_running=True,
        claim_token=run.token,
        fence=run.fence,
        lease_expires=lease.expiry(),
        heartbeat_count=F("heartbeat_count") + 1,
        last_heartbeat=to_stored(now),
        last_run_start_timestamp=to_stored(now),
        current_hostname=run.hostname,
        current_pid=str(os.getpid()),
        current_pid_created=processes.created(os.getpid()),
        boot_id=boot_id(),
        lock_file=run.lock_file,
        **(_CONSUMED if run.trigger == Trigger.FORCED else {}),
        force_stop=False,
        stop_fence=None,
        stopped_by=None,
        total_parts=0,
        total_parts_complete=0,
    )
    return bool(taken)


_CONSUMED: dict[str, Any] = {"force_run": False, "forced_by": None, "forced_args": None}


def _ends_of_dependees(job: Job) -> list[datetime]:
    """When the jobs that it waits for ended, and ended well, as it was seen.

    The run starts no earlier than what it waited for ended, whoever's clock was read before: else
    the same end would count as new once more. A success may be later than an end that came after
    it, if the clock was set back in between.
    """
    dependencies = job.dependencies.all()  # with their jobs, where the caller has looked already
    dependees = [dependency.dependee for dependency in dependencies]
    ends = [end for other in dependees for end in (other.last_ended, other.last_success)]
    return [to_instant(end) for end in ends if end is not None]


def _as_run(
    job: Job,
    now: datetime,
    *,
    trigger: Trigger,
    occurrence: datetime | None,
    backfill_id: int | None,
    lock_file_of: Any,
    heartbeat: bool,
) -> Run:
    token = uuid.uuid4().hex
    if trigger == Trigger.SCHEDULE:
        occurrence = job.occurrence
    attempt = 1 if occurrence is None else _attempt(job, occurrence)
    if trigger == Trigger.BACKFILL and occurrence is not None:
        attempt = _further_attempt(job, occurrence)
    once: dict[str, Any] = {"makes_up": True} if trigger == Trigger.BACKFILL else {}
    if trigger == Trigger.FORCED and job.forced_args is not None:
        once["args"] = job.forced_args
    return Run.of(
        job,
        log_id=0,
        token=token,
        fence=job.fence + 1,
        trigger=Trigger.RETRY if attempt > 1 and trigger != Trigger.BACKFILL else trigger,
        attempt=attempt,
        claimed=now,
        claimed_uptime=uptime(),
        scheduled_for=occurrence or now,
        occurrence=occurrence,
        hostname=settings.hostname(),
        lock_file=lock_file_of(token),
        heartbeat=heartbeat,
        tells_start=anybody_wants(job, Event.RUN_STARTED),
        backfill_id=backfill_id,
        **once,
    )


def _attempt(job: Job, occurrence: datetime) -> int:
    """Which attempt at this occurrence the next run is.

    ``job.attempt`` counts the lost runs of the occurrence that was next when they were lost;
    an UPDATE that has moved the next run since knows nothing of it.
    """
    if not job.attempt:
        return 1
    database = job._state.db or "default"
    tried = Log.objects.using(database).filter(job=job.pk, slot=job.slot, attempt=job.attempt)
    newest = tried.order_by("-pk").values_list("scheduled_for", flat=True)
    last = with_retries(database, newest.first)
    # None: deleted, or it has no time that could be compared (see _log_of).
    return job.attempt + 1 if last in (None, to_stored(occurrence)) else 1


def _further_attempt(job: Job, occurrence: datetime) -> int:
    """The attempt after all those that an occurrence has had."""
    database = job._state.db or "default"
    tried = Log.objects.using(database).filter(
        job=job.pk, slot=job.slot, scheduled_for=to_stored(occurrence)
    )
    highest = with_retries(database, lambda: tried.aggregate(highest=Max("attempt")))["highest"]
    return (highest or 0) + 1


def _log_of(run: Run, job: Job) -> dict[str, Any]:
    return {
        "job_id": run.job_id,
        "run_start_datetime": to_stored(run.claimed),
        "hostname": run.hostname,
        "success": False,
        "status": Status.RUNNING,
        "token": run.token,
        "active_for": run.holds,
        "holds_key": run.key or None,
        "slot": run.slot,
        # In a repeated hour a naive time would name both of its occurrences; the claim guards.
        "scheduled_for": None if is_ambiguous(run.claimed) else to_stored(run.occurrence),
        "occurrences": _stands_for(run, job),
        "lateness_ms": run.lateness_ms,
        "attempt": run.attempt,
        "backfill_id": run.backfill_id,
        "trigger": run.trigger,
        "triggered_by": job.forced_by if run.trigger == Trigger.FORCED else None,
        "arguments": (run.raw_command or f"{run.command} {run.args}".strip())[:_ARGUMENTS],
    }


def _stands_for(run: Run, job: Job) -> int:
    """How many occurrences this run makes up for: its own, and what has been missed since."""
    if run.occurrence is None or run.trigger in (Trigger.BACKFILL, Trigger.CHAIN):
        return 1
    if job.misfire_policy == Misfire.BACKFILL or job.is_chained:
        return 1
    return 1 + len(job.occurrences_between(run.occurrence, run.claimed))


def _explain_refusal(job: Job, run: Run) -> None:
    """Put right what made the database refuse, so that the job is not refused for ever.

    An occurrence that was run already is passed over; a log that was left open by a run that
    nobody holds any more (its claim was given up by hand) is closed.
    """
    kept = Q(active_for=run.holds)
    if run.key:
        kept |= Q(holds_key=run.key)
    for log in claims.open_but_not_held(run.database).filter(kept):
        record.give_up(log, run.claimed)
    if run.occurrence is not None and run.occurrence == job.occurrence:
        _pass_over_what_was_run(job, run, run.occurrence)


def _pass_over_what_was_run(job: Job, run: Run, occurrence: datetime) -> None:
    """Move on past this occurrence if it has its row, to the first that has none."""
    since = {"job": job.pk, "slot": run.slot, "scheduled_for__gte": to_stored(occurrence)}
    known = Log.objects.using(run.database).filter(**since).ended()
    if not known.filter(scheduled_for=to_stored(occurrence), attempt=run.attempt).exists():
        return
    moment = occurrence
    if job.misfire_policy != Misfire.BACKFILL:
        # One run stood for all that had come until its end, but if an order was for its date.
        newest = known.exclude(trigger=Trigger.BACKFILL).order_by("scheduled_for", "pk").last()
        if newest is not None:
            moment = max(moment, to_instant(newest.run_end_datetime) or run.claimed)
    dates = {to_instant(date) for date in known.values_list("scheduled_for", flat=True)}
    following = job.next_after(moment)
    while following is not None and following in dates:
        following = job.next_after(following)
    with transaction.atomic(using=run.database):
        claims.move(job, following)
