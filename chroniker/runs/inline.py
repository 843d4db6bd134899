"""A run in the calling process: for ``Job.run()``, ``cron --sync`` and tests.

Output is captured at ``sys.stdout`` and ``sys.stderr``, so what C code prints is not, nor what
programs print that a command starts without naming these streams. A stop request does not reach
it, nor do the job's ``nice`` and ``memory_limit_mb``, which would stay with the calling process.
"""

from __future__ import annotations

import os
import signal
import threading

from django.db import connections

from chroniker import context, signals
from chroniker.constants import Status
from chroniker.context import Progress
from chroniker.exceptions import CannotStart
from chroniker.host import uptime
from chroniker.models import claims
from chroniker.models.announcing import announce
from chroniker.runs import child, ending, preparation, processes, records_of_logging
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.heartbeat import SECONDS, Heartbeat
from chroniker.runs.interruption import Interruption
from chroniker.runs.masking import Masking
from chroniker.runs.outcome import Outcome, not_started
from chroniker.runs.printed import Printed
from chroniker.runs.reporting import reporter_of
from chroniker.runs.run import Run
from chroniker.runs.spool import Result, Spool
from chroniker.runs.tee import teed
from chroniker.runs.usage import Meter


def carry_out(run: Run, *, echo: bool) -> Outcome:
    """Carry out this run here and record it; ``echo`` also prints what it prints.

    Raises KeyboardInterrupt again, after recording, if that ended the run, but not for a timeout.
    """
    spool = Spool.of(run.lock_file)
    lock = spool.create(os.getpid(), processes.created(os.getpid()))
    printed = Printed(spool)
    try:
        confirmation = Confirmation.make(spool.folder, run.claimed_uptime)
        guard = Interruption(run, confirmation, is_fenced=not must_stay_here(run.database))
        announce(signals.run_started, run.database, run.log_id)
        result, masking = _carry_out(run, spool, guard, echo=echo)
        spool.write_result(result)
        outcome = _outcome(run, result, printed, guard)
        ending.close(run, outcome, printed=printed, masking=masking)
    finally:
        os.close(lock)
        printed.close()
    if result.exit_code == -signal.SIGINT and outcome.status != Status.TIMED_OUT:
        raise KeyboardInterrupt
    return outcome


def must_stay_here(database: str) -> bool:
    """Whether a process of its own could not see this run's rows.

    True inside a transaction (a ``TestCase``) and for an SQLite database in memory.
    """
    connection = connections[database]
    in_memory = connection.vendor == "sqlite" and connection.is_in_memory_db()  # type: ignore[attr-defined]
    return bool(connection.in_atomic_block or in_memory)


def _carry_out(
    run: Run, spool: Spool, guard: Interruption, *, echo: bool
) -> tuple[Result, Masking | None]:
    """Run the command; returns what came of it, and what hides its secrets if it was given any."""
    progress = Progress(_Publisher(run).publish)
    current = context.CurrentRun(
        job_id=run.job_id,
        run_id=run.log_id,
        scheduled_for=run.scheduled_for,
        progress=progress,
    )
    heartbeat = Heartbeat(
        spool, progress, guard.look, meter=Meter(shared=True), touches=run.heartbeat
    )
    streams = teed(spool, echo=echo, program=bool(run.raw_command))
    masking, fault = None, ""
    reporter = reporter_of(run, own_process=False)
    with preparation.undone(), streams as (output, errors), context.running(current):
        heartbeat.start()
        try:
            with records_of_logging.captured(run.log_format), guard.in_force():
                output.mask = errors.mask = mask = preparation.prepare(run, current)
                masking = Masking(run.environment, spool, mask)
                reporter.mask = mask
                exit_code = child.execute(run, reporter.report)
        except CannotStart as error:
            exit_code, fault = child.FORBIDDEN, not_started(str(error))
        except KeyboardInterrupt:  # before or after the command itself
            exit_code = -signal.SIGINT
        finally:
            heartbeat.end()
    wrote = spool.stderr_has_any() if run.raw_command else errors.written
    result = Result.of_process(
        exit_code,
        fault,
        complained=run.stderr_is_failure and wrote,
        unwritten=(output.unwritten, errors.unwritten),
        reported=reporter.finish(),
    )
    return result, masking


def _outcome(run: Run, result: Result, printed: Printed, guard: Interruption) -> Outcome:
    now, pid = uptime(), os.getpid()
    if guard.status is not None and (
        result.exit_code == -signal.SIGINT or guard.status == Status.TIMED_OUT
    ):
        return ending.outcome_of(run, guard.status, guard.reason, uptime=now, pid=pid)
    if result.exit_code == -signal.SIGINT:
        return ending.outcome_of(run, Status.STOPPED, "interrupted", uptime=now, pid=pid)
    return ending.outcome_of_exit(
        run, uptime=now, exit_code=result.exit_code, pid=pid, printed=printed
    )


class _Publisher:
    """Writes progress to the database at most once a second, in the run's own thread."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._thread = threading.get_ident()
        self._written = uptime() - SECONDS

    def publish(self, progress: Progress) -> None:
        now = uptime()
        if now - self._written < SECONDS or threading.get_ident() != self._thread:
            return
        self._written = now
        total, complete = progress.snapshot()
        rows = claims.rows(self._run.database, self._run.slot)
        rows.filter(claim_token=self._run.token).update(
            total_parts=total, total_parts_complete=complete
        )
