"""What ends a run in the calling process before its time: a limit, or a claim that is lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from chroniker import settings
from chroniker.constants import Status
from chroniker.host import uptime
from chroniker.runs import processes
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.fence import Fence
from chroniker.runs.heartbeat import SECONDS
from chroniker.runs.lease import Keeper
from chroniker.runs.run import Run
from chroniker.runs.spool import Spool


class Interruption:
    """Raises KeyboardInterrupt in the command once the run must not go on.

    That is when it takes too long, and when the run is, or could soon be, somebody else's. Only
    the main thread can be interrupted; a run in another one goes on to its end. Programs that a
    run past its time limit has started get TERM, and after the grace KILL, in either case.
    :meth:`look` is for the heartbeat's thread.
    """

    def __init__(self, run: Run, confirmation: Confirmation, *, is_fenced: bool) -> None:
        """``is_fenced``: the claim is renewed meanwhile. In a transaction nobody could see it."""
        self.status: Status | None = None
        """How the run ends because of us; None if it does not."""
        self.reason = ""
        self._run = run
        self._keeper = Keeper(run, confirmation)
        self._fence = Fence(confirmation)
        self._is_fenced = is_fenced
        self._in_main_thread = threading.current_thread() is threading.main_thread()
        self._sending = threading.Lock()
        self._is_in_force = False
        self._is_raising = False
        self._kill_at = 0.0

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Renew the claim, and interrupt what is done inside if it has to end."""
        if self._is_fenced:
            self._keeper.start()
        if self._in_main_thread:
            before = signal.getsignal(signal.SIGINT) or signal.SIG_DFL
            signal.signal(signal.SIGINT, lambda *what: self._on_interrupt(before, *what))
        self._is_in_force = True
        try:
            yield
        finally:
            with self._sending:
                self._is_in_force = False
            if self._in_main_thread:
                signal.signal(signal.SIGINT, before)
            if self._is_fenced:
                self._keeper.end()

    def look(self) -> float:
        """Each second; returns how many seconds there is nothing to do. Asks no database."""
        limit, now = self._run.timeout_seconds, uptime()
        if self._is_fenced and self._keeper.is_taken_over:
            self._end_as(Status.LOST, "taken over by somebody else")
        elif self._is_fenced and self._fence.is_reached():
            self._end_as(Status.LOST, self._fence.reason)
        elif limit and now - self._run.claimed_uptime >= limit:
            self._time_out(now, f"took longer than {limit} s")
        return self._fence.seconds_left() if self._is_fenced else SECONDS

    def _time_out(self, now: float, reason: str) -> None:
        if self.status is None:
            self._kill_at = now + settings.CHRONIKER_KILL_GRACE_SECONDS
            self._end_as(Status.TIMED_OUT, reason)
            self._signal_programs(signal.SIGTERM)
        elif now >= self._kill_at:
            self._signal_programs(signal.SIGKILL)

    def _signal_programs(self, number: signal.Signals) -> None:
        folder = Spool.of(self._run.lock_file).folder
        processes.send(processes.of_run(self._run.token, folder, None, None), number)

    def _end_as(self, status: Status, reason: str) -> None:
        with self._sending:
            if not self._is_in_force:
                return
            if self._in_main_thread or status == Status.TIMED_OUT:
                self.status, self.reason = status, reason
            if self._in_main_thread:
                self._is_raising = True
                # A signal, for it also ends the waiting of a command that sleeps or reads.
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def _on_interrupt(self, before: object, number: int, frame: FrameType | None) -> None:
        """In the main thread: our own interrupts are raised, others are left to who was there."""
        if self._is_raising:
            self._is_raising = False
            if self._is_in_force:
                raise KeyboardInterrupt
        elif callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            raise KeyboardInterrupt
