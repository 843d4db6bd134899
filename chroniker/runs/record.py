"""The one place that ends a run: its log, its job, and when it runs next, in one transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction

from chroniker import signals
from chroniker.constants import BAD_ENDS, EVENT_OF_END, Event, Status
from chroniker.fingerprint import of_failure
from chroniker.models import Job, Log, backfill, claims, tally
from chroniker.models.announcing import announce
from chroniker.models.hiccups import HICCUPS
from chroniker.models.retention import keep_newest
from chroniker.models.skipped import write_skipped
from chroniker.moments import to_instant, to_stored
from chroniker.notifications import outbox, policy
from chroniker.notifications.channels import anybody_wants, people_want
from chroniker.notifications.policy import Judgement
from chroniker.runs.deadline import deadline
from chroniker.runs.following import following
from chroniker.runs.outcome import Outcome, Output
from chroniker.runs.run import Run

logger = logging.getLogger("chroniker.runs")

_TRIES = 10

SECONDS = 20.0
"""How long the database may take to store an end; long, for it may come with much output."""


def record(run: Run, outcome: Outcome, output: Output | None) -> bool:
    """Write the outcome of a run and make its job free again; returns whether the run was ours.

    Without ``output`` (its spool is on another host) the log keeps what was published of it.
    If somebody else has taken the run over, its log only gets what :func:`note_late` adds. Raises
    DatabaseError if the database can't be written to; nothing is half done then.
    """
    for _ in range(_TRIES):
        with deadline(SECONDS):
            job = claims.held(run.database, run.token, run.slot)
            if job is None:
                # Perhaps we did record it, and only the database's answer was lost.
                ours = _is_recorded(run, outcome)
                if not ours:
                    _hand_in_late(run, outcome, output)
                return ours
            written = _write(run, outcome, output, job)
        if written is not None:
            _afterwards(run, job, written.skipped)
            return True
    raise DatabaseError(f"job {run.job_id} is changed faster than its run can be recorded")


@dataclass(frozen=True)
class _Written:
    """What recording an end has written besides it: the row of what was not run meanwhile."""

    skipped: Log | None


def _write(run: Run, outcome: Outcome, output: Output | None, job: Job) -> _Written | None:
    """The transaction; None if the job was changed since it was read."""
    then = following(job, run, outcome)
    fingerprint = _fingerprint(run, outcome, output)
    judged = _judged(job, outcome, fingerprint)
    values = {**_job_after(run, outcome), **judged.values, **then.values}
    with transaction.atomic(using=run.database):
        # The write comes first: a transaction that reads first can end in "database is locked".
        if not claims.update(run.database, job, run.token, values):
            return None
        Log.objects.using(run.database).held(run.log_id, run.token).update(
            **_log_after(run, outcome),
            **_counted(job, outcome),
            **_stored(output),
            fingerprint=fingerprint,
        )
        tally.count(
            *(run.database, run.job_id, outcome.status),
            seconds=outcome.seconds,
            lateness_ms=run.lateness_ms,
        )
        if run.backfill_id is not None:
            date, ended = run.scheduled_for, outcome.ended
            backfill.advance(run.database, run.backfill_id, date, outcome.status, ended)
        reason = f"run {run.log_id} had not ended"
        skipped = write_skipped(job, then.passed, reason, now=outcome.ended, hostname=run.hostname)
        note_end(
            *(run.database, job, run.log_id, outcome.status, outcome.reason),
            now=outcome.ended,
            judged=judged,
            is_reported=outcome.is_reported,
        )
    return _Written(skipped)


def _judged(job: Job, outcome: Outcome, fingerprint: str | None) -> Judgement:
    """What the end means to people; no fault in that keeps an end from being recorded."""
    try:
        heard = people_want(job, EVENT_OF_END.get(outcome.status))
        return policy.judge(job, outcome.status, fingerprint, outcome.ended, heard=heard)
    except Exception:
        logger.exception("job=%s its end could not be judged, and is told of", job.pk)
        return Judgement()


def note_end(
    database: str,
    job: Job,
    log_id: int,
    status: Status,
    reason: str,
    *,
    now: datetime,
    judged: Judgement | None = None,
    is_reported: bool = False,
) -> None:
    """Put this end into the outbox if anybody may want to hear of it; in the end's transaction.

    ``job`` is as it was before. ``log_id`` is 0 for a claim that code made without one. An end
    that nobody has judged is told of. ``is_reported``: Sentry knows of it already.
    """
    judged = judged or Judgement()
    details: dict[str, Any] = {
        "job": job.name,
        "status": status,
        "reason": reason[:_LONGEST_REASON],
    }
    if is_reported:
        details["reported"] = True
    events = [("run", EVENT_OF_END.get(status), judged.decision)]
    if judged.recovered:
        events.append(("recovered", Event.RUN_RECOVERED, ""))
    for key, event, decision in events:
        if event is not None and anybody_wants(job, event):
            outbox.note(
                database,
                event,
                now=now,
                job_id=job.pk,
                log_id=log_id or None,
                key=f"{key}:{log_id}" if log_id else None,
                details={**details, **judged.details},
                hostname=job.current_hostname or "",
                decision=decision,
            )


_LONGEST_REASON = 500


def _job_after(run: Run, outcome: Outcome) -> dict[str, Any]:
    values: dict[str, Any] = {
        "is_running": False,
        "claim_token": None,
        "lease_expires": None,
        "lock_file": "",
        "force_stop": False,
        "stop_fence": None,
        "stopped_by": None,
        "last_run": to_stored(run.claimed),
        "last_run_successful": outcome.status == Status.SUCCEEDED,
        "last_ended": to_stored(outcome.ended),
    }
    if outcome.status == Status.SUCCEEDED:
        values["last_success"] = values["last_ended"]
    if outcome.pid is not None:
        values["current_pid"] = str(outcome.pid)
    if outcome.progress is not None:
        values["total_parts"], values["total_parts_complete"] = outcome.progress
    return values


def _log_after(run: Run, outcome: Outcome) -> dict[str, Any]:
    started = {"started_datetime": to_stored(outcome.started)} if outcome.started else {}
    return {
        **started,
        "status": outcome.status,
        "success": outcome.status == Status.SUCCEEDED,
        "on_time": outcome.status != Status.TIMED_OUT,
        "reason": outcome.reason or None,
        "run_end_datetime": to_stored(max(outcome.ended, run.claimed)),
        "duration_seconds": int(outcome.seconds),
        "duration_ms": round(outcome.seconds * 1000),
        "exit_code": outcome.exit_code,
        "pid": outcome.pid,
        "cpu_seconds": outcome.usage and outcome.usage.cpu_seconds,
        "peak_memory_bytes": outcome.usage and outcome.usage.peak_memory_bytes,
        "active_for": None,
        "holds_key": None,
    }


def _counted(job: Job, outcome: Outcome) -> dict[str, Any]:
    """What a monitor has counted. A check that broke off has left the number of an earlier one."""
    return {"monitor_records": job.monitor_records} if outcome.exit_code == 0 else {}


def _stored(output: Output | None) -> dict[str, Any]:
    if output is None:
        return {}
    return {
        "stdout": output.stdout,
        "stderr": output.stderr,
        "output_truncated": output.shortened,
    }


def _fingerprint(run: Run, outcome: Outcome, output: Output | None) -> str | None:
    """What the run failed of, as far as its output is known; None if it did not fail."""
    if outcome.status not in BAD_ENDS:
        return None
    if output is not None:
        stderr = output.stderr
    else:  # what was published of it
        logs = Log.objects.using(run.database).filter(pk=run.log_id)
        stderr = logs.values_list("stderr", flat=True).first() or ""
    return of_failure(outcome.status, outcome.reason, stderr)


def _is_recorded(run: Run, outcome: Outcome) -> bool:
    logs = Log.objects.using(run.database).filter(pk=run.log_id, token=run.token)
    end = to_stored(max(outcome.ended, run.claimed))
    return logs.filter(status=outcome.status, run_end_datetime=end).exists()


def _hand_in_late(run: Run, outcome: Outcome, output: Output | None) -> None:
    log = Log.objects.using(run.database).filter(pk=run.log_id, token=run.token).first()
    if log is None:
        return
    if not _is_news(outcome, log):
        note_late(log, "", output)
        return
    logger.warning(
        "run=%s job=%s was taken over by somebody else before it ended: %s",
        *(run.log_id, run.job_id, outcome.status),
    )
    note_late(log, f"{outcome.status}: {outcome.reason}".rstrip(": "), output)


def _is_news(outcome: Outcome, log: Log) -> bool:
    """Whether this tells more than the recorded end.

    Several ticks can look for what is left of a run while its own watcher records how it ended:
    that they found nothing is no news of it.
    """
    if outcome.status != Status.LOST:
        return True
    return log.status == Status.LOST and log.reason != outcome.reason


def note_late(log: Log, outcome: str, output: Output | None) -> None:
    """Add what became known of a run after somebody else had recorded its end.

    The end stands as it was recorded. What a lost run printed is added if it is more than its
    log has: only its own host could read all of it, and only as long as its folder was there.
    """
    logs = Log.objects.using(log._state.db).filter(pk=log.pk)
    if outcome:
        logs.exclude(status=Status.RUNNING).update(late_outcome=outcome)
    if output is None or not output.readable or log.status != Status.LOST:
        return
    more = {
        name: text
        for name, text in (("stdout", output.stdout), ("stderr", output.stderr))
        if len(text) > len(getattr(log, name))
    }
    if "stderr" in more:
        more["fingerprint"] = of_failure(log.status, log.reason or "", more["stderr"])
    if more:
        logs.update(**more, output_truncated=output.shortened)


GIVEN_UP = "its claim was given up by hand"


def give_up(log: Log, now: datetime) -> None:
    """End the log of a run whose claim somebody has given up, by hand or in code."""
    seconds = max(0.0, (now - to_instant(log.run_start_datetime)).total_seconds())
    ended, reason = to_instant(log.run_start_datetime) + timedelta(seconds=seconds), GIVEN_UP
    database = log._state.db or "default"
    with transaction.atomic(using=database):
        given_up = (
            Log.objects.using(database)
            .held(log.pk, log.token or "")
            .update(
                status=Status.LOST,
                success=False,
                reason=reason,
                run_end_datetime=to_stored(ended),
                duration_seconds=int(seconds),
                duration_ms=round(seconds * 1000),
                fingerprint=of_failure(Status.LOST, reason, log.stderr),
                active_for=None,
                holds_key=None,
            )
        )
        if given_up:
            tally.count(database, log.job_id, Status.LOST, seconds=seconds)
            note_end(database, log.job, log.pk, Status.LOST, reason, now=ended)
    if given_up:
        announce(signals.run_finished, database, log.pk)


def _afterwards(run: Run, job: Job, skipped: Log | None) -> None:
    try:
        keep_newest(run.job_id, job.maximum_log_entries, run.database)
    except HICCUPS as error:
        logger.warning("job=%s its old logs are kept for now: %s", run.job_id, error)
    if run.log_id:  # else the claim came without one, and who closes it writes it
        announce(signals.run_finished, run.database, run.log_id)
    if skipped is not None:
        announce(signals.run_skipped, run.database, skipped.pk)
