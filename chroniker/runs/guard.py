"""What a job's process does for itself: end while its claim holds, and outlive its supervisor."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from chroniker.constants import Status
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.fence import Fence
from chroniker.runs.heartbeat import SECONDS
from chroniker.runs.run import Run
from chroniker.runs.spool import Result, Spool

if TYPE_CHECKING:
    import psutil

    from chroniker.runs.lease import Keeper
    from chroniker.runs.masking import Masking
    from chroniker.runs.printed import Printed

_STEP_SECONDS = 0.05


class Guard:
    """Ends the run if nobody has renewed its claim in time, whatever has become of the others.

    Once the supervisor has died, it also does that one's work: has the lease renewed, heeds the
    time limit and requests to stop, and records the outcome. :meth:`look` is for the heartbeat's
    thread, all else for the main thread.
    """

    def __init__(self, run: Run, supervisor: int, confirmation: Confirmation) -> None:
        self._run = run
        self._supervisor = supervisor
        self._fence = Fence(confirmation)
        self.masking: Masking | None = None
        """What hides the run's secrets; None as long as its command does not know them."""
        self._keeper: Keeper | None = None
        self._printed: Printed | None = None
        self._is_ending = False
        self._done = threading.Event()
        self._speaking = threading.Lock()

    def look(self) -> float:
        """End the run if it has to end; returns how many seconds that can't be the case.

        Never waits for the database: that is the keeper's, in a thread of its own.
        """
        if self._fence.is_reached():
            self._end_as(Status.LOST, self._fence.reason, grace=self._fence.confirmation.grace)
        if self._is_left_alone():
            self._stand_in()
        return self._fence.seconds_left()

    def leave_result(self, result: Result) -> None:
        """Leave this as the run's result, unless the run is being ended for a reason of ours."""
        with self._speaking:
            if not self._is_ending:
                Spool.of(self._run.lock_file).write_result(result)
        self._wait_if_ending()

    def waits_as_orphan(self) -> bool:
        """Whether there is no supervisor, and the end has to be recorded here.

        What the job leaves behind belongs to its run and is waited for first.
        """
        if not self._is_left_alone():
            return False
        while not self._is_alone():
            time.sleep(SECONDS)
        return True

    def record(self, exit_code: int) -> None:
        """Record the outcome. If that can't be done now, the spool keeps it for the next tick."""
        from chroniker.host import uptime
        from chroniker.models.hiccups import HICCUPS
        from chroniker.runs import ending
        from chroniker.runs.printed import Printed

        if self._keeper is not None:
            self._keeper.end()
        run, spool = self._run, Spool.of(self._run.lock_file)
        printed = self._printed or Printed(spool)
        try:
            outcome = ending.outcome_of_exit(
                run, uptime=uptime(), exit_code=exit_code, pid=os.getpid(), printed=printed
            )
            # Whom this concerns is told by the next tick, on whichever host.
            ending.close(run, outcome, printed=printed, masking=self.masking)
        except HICCUPS:
            return

    def _is_left_alone(self) -> bool:
        """Whether the process that watched us is gone."""
        if multiprocessing.get_start_method(allow_none=True) == "forkserver":
            parent = multiprocessing.parent_process()
            return parent is not None and not parent.is_alive()
        return os.getppid() != self._supervisor

    def _stand_in(self) -> None:
        """Do what the supervisor would do, with what the keeper knows."""
        from chroniker import settings
        from chroniker.host import uptime
        from chroniker.runs.lease import Keeper

        if self._keeper is None:
            self._keeper = Keeper(self._run, self._fence.confirmation)
            self._keeper.start()
        self._bound_output()
        limit, grace = self._run.timeout_seconds, settings.CHRONIKER_KILL_GRACE_SECONDS
        if self._keeper.is_taken_over:
            self._end_as(Status.LOST, "taken over by somebody else", grace=0.0)
        elif self._keeper.stopped_by is not None:
            by = self._keeper.stopped_by
            reason = f"stopped by {by}" if by else "stopped on request"
            self._end_as(Status.STOPPED, reason, grace=grace)
        elif limit and uptime() - self._run.claimed_uptime >= limit:
            self._end_as(Status.TIMED_OUT, f"took longer than {limit} s", grace=grace)

    def _bound_output(self) -> None:
        from chroniker.runs import capture
        from chroniker.runs.printed import Printed

        self._printed = self._printed or Printed(Spool.of(self._run.lock_file))
        capture.free_what_is_left_out(self._printed)

    # Ending

    def _end_as(self, status: Status, reason: str, *, grace: float) -> None:
        """End the whole tree, this process last; who records the run finds this as its end."""
        from chroniker.host import uptime
        from chroniker.runs import processes

        give_up = uptime() + grace
        with self._speaking:
            self._is_ending = True
            verdict = Result(exit_code=None, status=status, reason=reason)
            Spool.of(self._run.lock_file).write_verdict(verdict)
        rest = self._rest_of_the_tree()
        if grace:
            processes.send(rest, signal.SIGTERM)
            # Ended at once by it, we could not kill what is left of the tree.
            if not rest or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
                os.kill(os.getpid(), signal.SIGTERM)
        while uptime() < give_up and not (self._is_over() and processes.are_gone(rest)):
            time.sleep(_STEP_SECONDS)
        processes.send(self._rest_of_the_tree(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    def _is_over(self) -> bool:
        """Whether the command in this process needs no more time: it is over, or TERM ends it."""
        return self._done.is_set() or signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

    def _wait_if_ending(self) -> None:
        """In the main thread, after the command: whoever ends the run also ends this process."""
        self._done.set()
        while self._is_ending:
            time.sleep(_STEP_SECONDS)

    def _is_alone(self) -> bool:
        from chroniker.runs import processes

        return processes.are_gone(self._rest_of_the_tree())

    def _rest_of_the_tree(self) -> list[psutil.Process]:
        """All living processes of this run but this one."""
        from chroniker.runs import processes

        folder = Spool.of(self._run.lock_file).folder
        own = processes.created(os.getpid())
        return processes.of_run(self._run.token, folder, os.getpid(), own)
