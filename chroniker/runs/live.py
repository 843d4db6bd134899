"""One run that is going on, as its supervisor sees it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

import psutil

from chroniker import settings
from chroniker.constants import Status
from chroniker.host import uptime
from chroniker.runs import own_descriptors, processes
from chroniker.runs.adopted import AdoptedProcess
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.masking import Masking
from chroniker.runs.printed import Printed
from chroniker.runs.run import Run
from chroniker.runs.spool import Result, Spool


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Why a run was ended by us, rather than by itself."""

    status: Status
    reason: str


class LiveRun:
    """A run, its process, and what is already known to the database of it."""

    def __init__(
        self, run: Run, process: BaseProcess | AdoptedProcess, confirmation: Confirmation
    ) -> None:
        self.run = run
        self.process = process
        self.confirmation = confirmation
        self.spool = Spool.of(run.lock_file)
        self.pid = process.pid or 0
        self.created = processes.created(self.pid)
        self.waker = _waker(process, self.pid)
        """A descriptor that becomes readable when the process ends."""
        self.printed = Printed(self.spool)
        self.masking = Masking(run.environment, self.spool)
        own_descriptors.add(self.waker, process.sentinel, *self.printed.descriptors)
        self.started = uptime()
        self.verdict: Verdict | None = None
        self.published: tuple[object, ...] = ()
        self._kill_at: float | None = None

    def close(self) -> None:
        """Let go of the process, which has ended; :meth:`forget` follows."""
        own_descriptors.forget(self.waker, self.process.sentinel)
        if self.waker != self.process.sentinel:
            os.close(self.waker)
        self.process.join()
        self.process.close()
        self.confirmation.close()

    def forget(self) -> None:
        """Let go of what it printed, which is recorded."""
        own_descriptors.forget(*self.printed.descriptors)
        self.printed.close()

    def end(self, verdict: Verdict, *, grace: float | None = None) -> None:
        """Ask the whole tree to end, with this as the run's end; the first verdict stands.

        It also stands if we die before that end is recorded. What has not ended ``grace`` seconds
        later (by default the setting's) is killed.
        """
        if self.verdict is not None:
            return
        self.verdict = verdict
        word = Result(exit_code=None, status=verdict.status, reason=verdict.reason)
        self.spool.write_verdict(word)
        self.end_rest(settings.CHRONIKER_KILL_GRACE_SECONDS if grace is None else grace)

    def end_rest(self, grace: float) -> None:
        """Ask what a killed job left behind to end; what does not is killed after the grace."""
        if self._kill_at is None:
            self._kill_at = uptime() + grace
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole tree at once."""
        self._signal(signal.SIGKILL)

    def kill_if_overdue(self) -> None:
        """Kill what has not ended within the grace; again each time, for trees can grow."""
        if self._kill_at is not None and uptime() >= self._kill_at:
            self.kill()

    def seconds_until_kill(self) -> float | None:
        """How long until :meth:`kill_if_overdue` has something to do; None without a verdict."""
        return None if self._kill_at is None else max(0.0, self._kill_at - uptime())

    def exit_code(self) -> int | None:
        """The exit status once the process has ended, negative for a signal; None before."""
        return self.process.exitcode

    def is_gone(self) -> bool:
        """Whether the process has ended and nothing of its tree is left.

        What a job leaves behind when it ends by itself belongs to its run and is waited for;
        what is left of a job that was killed is ended.
        """
        exit_code = self.exit_code()
        if exit_code is None:
            return False
        locked = self.spool.is_locked()
        if locked is False or (locked is None and processes.are_gone(self._tree())):
            return True
        if exit_code < 0:
            self.end_rest(settings.CHRONIKER_KILL_GRACE_SECONDS)
        return False

    def _signal(self, number: signal.Signals) -> None:
        processes.send(self._tree(), number)

    def _tree(self) -> list[psutil.Process]:
        return processes.of_run(self.run.token, self.spool.folder, self.pid, self.created)


def _waker(process: BaseProcess | AdoptedProcess, pid: int) -> int:
    # The sentinel is a pipe, which processes that a job has forked hold open after its end.
    if hasattr(os, "pidfd_open"):
        with suppress(OSError):
            return os.pidfd_open(pid)
    return process.sentinel
