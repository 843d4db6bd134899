"""The job's process from its first to its last line; the target of ``multiprocessing.Process``.

Imports little: with ``spawn`` and ``forkserver`` it is loaded before Django is set up.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chroniker import context
    from chroniker.runs.guard import Guard
    from chroniker.runs.heartbeat import Heartbeat
    from chroniker.runs.run import Run
    from chroniker.runs.spool import Spool
    from chroniker.sentry import Reporter


class LockDescriptor:
    """The descriptor that holds the run's kernel lock, handed to the process as it starts.

    Forked, the process has it already; otherwise it is passed along, and is the same open file.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        from multiprocessing.reduction import DupFd

        return _adopt, (DupFd(self.descriptor),)


def _adopt(passed: Any) -> LockDescriptor:
    return LockDescriptor(passed.detach())


def main(run: Run, lock: LockDescriptor, supervisor: int) -> None:
    """Run the job's command in this process and exit with its status."""
    from chroniker.runs import child, confirmation, own_descriptors
    from chroniker.runs.reporting import reporter_of
    from chroniker.runs.spool import Result, Spool

    spool = Spool.of(run.lock_file)
    own_descriptors.close_all()
    confirmation.close_all()
    atexit._clear()  # what the supervisor has to do at its exit is not ours
    child.leave_the_supervisor()
    streams = child.take_streams(spool, lock.descriptor)
    os.environ.update(run.variables())  # whatever is started from here on is known by them
    _set_up_django()
    reporter = reporter_of(run, own_process=True)
    guard, heartbeat, current = _watch_over(run, spool, supervisor)
    exit_code, not_started = _carry_out(run, spool, guard, current, reporter)
    # What the command left to be done at exit is part of it.
    atexit._run_exitfuncs()
    reported = reporter.finish()
    _flush()
    heartbeat.write_facts()
    # A program writes past our stream; of a command, only its own words count, as in 1.x.
    wrote = spool.stderr_has_any() if run.raw_command else streams[1].written
    complained = run.stderr_is_failure and wrote
    unwritten = (streams[0].unwritten, streams[1].unwritten)
    guard.leave_result(
        Result.of_process(
            exit_code, not_started, complained=complained, unwritten=unwritten, reported=reported
        )
    )
    if guard.waits_as_orphan():
        heartbeat.end()
        guard.record(exit_code)
    _close_connections()
    sys.exit(exit_code if exit_code >= 0 else 128 - exit_code)


def _set_up_django() -> None:
    from django.apps import apps

    if not apps.ready:
        import django

        django.setup()


def _watch_over(
    run: Run, spool: Spool, supervisor: int
) -> tuple[Guard, Heartbeat, context.CurrentRun]:
    """Let this process show that it lives, and end itself if it has to, until it exits."""
    from chroniker import context
    from chroniker.runs.confirmation import Confirmation
    from chroniker.runs.guard import Guard
    from chroniker.runs.heartbeat import Heartbeat
    from chroniker.runs.usage import Meter

    current = context.CurrentRun(
        job_id=run.job_id, run_id=run.log_id, scheduled_for=run.scheduled_for
    )
    guard = Guard(run, supervisor, Confirmation(spool.folder))
    guard.look()  # our supervisor may have been frozen between the claim and our start
    heartbeat = Heartbeat(spool, current.progress, guard.look, meter=Meter(), touches=run.heartbeat)
    heartbeat.start()
    return guard, heartbeat, current


def _carry_out(
    run: Run, spool: Spool, guard: Guard, current: context.CurrentRun, reporter: Reporter
) -> tuple[int, str]:
    """Run the command with all it needs; returns its status, and why it did not begin, if so."""
    from chroniker import context
    from chroniker.exceptions import CannotStart
    from chroniker.runs import child, outcome, preparation, records_of_logging
    from chroniker.runs.masking import Masking

    with context.running(current), records_of_logging.captured(run.log_format):
        try:
            reporter.mask = mask = preparation.prepare(run, current)
            guard.masking = Masking(run.environment, spool, mask)
            with preparation.limited(run):
                return child.execute(run, reporter.report), ""
        except CannotStart as error:
            return child.FORBIDDEN, outcome.not_started(str(error))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue  # the command closed it, or the disk is full: nothing more to be saved


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()
