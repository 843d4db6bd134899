"""A run in the calling process: for ``Job.run()``, ``cron --sync`` and tests.

Output is captured at ``sys.stdout`` and ``sys.stderr``, so what C code prints is not, nor what
programs print that a command starts without naming these streams. A timeout or a stop request
does not reach it.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

from django.db import connections

from chroniker import context, signals
from chroniker.constants import Status
from chroniker.context import Progress
from chroniker.host import uptime
from chroniker.models import claims
from chroniker.runs import child, ending, processes, records_of_logging
from chroniker.runs.announce import announce
from chroniker.runs.child import NoticingFile
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.fence import Fence
from chroniker.runs.heartbeat import SECONDS, Heartbeat
from chroniker.runs.lease import Keeper
from chroniker.runs.outcome import Outcome
from chroniker.runs.printed import Printed
from chroniker.runs.run import Run
from chroniker.runs.spool import Result, Spool


def carry_out(run: Run, *, echo: bool) -> Outcome:
    """Carry out this run here and record it; ``echo`` also prints what it prints.

    Raises KeyboardInterrupt again, after recording, if that ended the run.
    """
    spool = Spool.of(run.lock_file)
    lock = spool.create(os.getpid(), processes.created(os.getpid()))
    printed = Printed(spool)
    try:
        guard = _Guard(run, Confirmation.make(spool.folder, run.claimed_uptime))
        announce(signals.run_started, run.database, run.log_id)
        result = _carry_out(run, spool, guard, echo=echo)
        spool.write_result(result)
        outcome = _outcome(run, result, printed, interrupted=guard.reason)
        ending.close(run, outcome, printed=printed)
    finally:
        os.close(lock)
        printed.close()
    if result.exit_code == -signal.SIGINT:
        raise KeyboardInterrupt
    return outcome


def must_stay_here(database: str) -> bool:
    """Whether a process of its own could not see this run's rows.

    True inside a transaction (a ``TestCase``) and for an SQLite database in memory.
    """
    connection = connections[database]
    in_memory = connection.vendor == "sqlite" and connection.is_in_memory_db()  # type: ignore[attr-defined]
    return bool(connection.in_atomic_block or in_memory)


def _carry_out(run: Run, spool: Spool, guard: _Guard, *, echo: bool) -> Result:
    progress = Progress(_Publisher(run).publish)
    current = context.CurrentRun(
        job_id=run.job_id,
        run_id=run.log_id,
        scheduled_for=run.scheduled_for,
        progress=progress,
    )
    heartbeat = Heartbeat(spool, progress, guard.look, touches=run.heartbeat)
    # A thread has a connection of its own, which sees nothing of an open transaction.
    beats = not must_stay_here(run.database)
    streams = _streams(spool, echo=echo, program=bool(run.raw_command))
    with _environment(run), streams as (output, errors), context.running(current):
        if beats:
            guard.keeper.start()
            heartbeat.start()
        try:
            with records_of_logging.captured(run.log_format):
                exit_code = child.execute(run)
        finally:
            heartbeat.end()
            guard.keeper.end()
    wrote = spool.stderr_has_any() if run.raw_command else errors.written
    return Result(
        exit_code=exit_code,
        complained=run.stderr_is_failure and wrote,
        unwritten=(output.unwritten, errors.unwritten),
    )


class _Guard:
    """Interrupts the command once the run is, or could soon be, somebody else's.

    Only the main thread can be interrupted; a run in another one goes on to its end, which then
    counts for nothing.
    """

    def __init__(self, run: Run, confirmation: Confirmation) -> None:
        self.keeper = Keeper(run, confirmation)
        self.reason = ""
        """Why it interrupted the command; '' if it did not."""
        self._fence = Fence(confirmation)
        self._in_main_thread = threading.current_thread() is threading.main_thread()

    def look(self) -> float:
        """Each second, in the heartbeat's thread; never waits for the database."""
        if self.keeper.is_taken_over:
            self._interrupt("taken over by somebody else")
        elif self._fence.is_reached():
            self._interrupt(self._fence.reason)
        return self._fence.seconds_left()

    def _interrupt(self, reason: str) -> None:
        if self._in_main_thread:
            self.reason = reason
            # A signal, for it also ends the waiting of a command that sleeps or reads.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def _outcome(run: Run, result: Result, printed: Printed, *, interrupted: str) -> Outcome:
    now, pid = uptime(), os.getpid()
    if result.exit_code == -signal.SIGINT:
        status, reason = Status.STOPPED, "interrupted"
        if interrupted:
            status, reason = Status.LOST, interrupted
        return ending.outcome_of(run, status, reason, uptime=now, pid=pid)
    return ending.outcome_of_exit(
        run, uptime=now, exit_code=result.exit_code, pid=pid, printed=printed
    )


class _Tee:
    """Writes to the spool's file and, if asked to, to the stream that was there before."""

    encoding = "utf-8"
    written = False

    def __init__(self, path: Path, before: TextIO | None) -> None:
        self._noticing = NoticingFile(path, "a")
        self._file = child.text_stream(self._noticing)
        self._before = before

    @property
    def unwritten(self) -> int:
        """How many bytes the disk did not take."""
        return self._noticing.unwritten

    def write(self, text: str) -> int:
        if text:
            self.written = True
            self._file.write(text)
            if self._before is not None:
                self._before.write(text)
        return len(text)

    def end(self) -> None:
        """Write what is still to be written, and close the file."""
        self._file.close()

    def flush(self) -> None:
        self._file.flush()
        if self._before is not None:
            self._before.flush()

    def fileno(self) -> int:
        """The spool's file, for programs that are started with this stream as theirs."""
        return self._file.fileno()

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


@contextmanager
def _streams(spool: Spool, *, echo: bool, program: bool) -> Iterator[tuple[_Tee, _Tee]]:
    """Let these streams be the spool's; what a program writes to them is shown at its end."""
    before = (sys.stdout, sys.stderr)
    passes_on = echo and not program
    out = _Tee(spool.stdout, sys.stdout if passes_on else None)
    err = _Tee(spool.stderr, sys.stderr if passes_on else None)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            yield out, err
    finally:
        out.end()
        err.end()
    if echo and program:
        for file, stream in zip((spool.stdout, spool.stderr), before, strict=True):
            with file.open(encoding="utf-8", errors="backslashreplace") as written:
                shutil.copyfileobj(written, stream)


@contextmanager
def _environment(run: Run) -> Iterator[None]:
    before = dict(os.environ)
    child.set_environment(run)
    try:
        yield
    finally:
        for name in (*context.ENVIRONMENT_NAMES, "PYTHONUNBUFFERED"):
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]


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
