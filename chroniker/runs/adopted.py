"""A child process that an earlier program in this process started: what exec() leaves of it."""

from __future__ import annotations

import os
from contextlib import suppress


class AdoptedProcess:
    """A child known only by its pid, with what :class:`~chroniker.runs.live.LiveRun` needs.

    Raises ChildProcessError if it is not a child of this process.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.sentinel = os.pidfd_open(pid)
        self._exit_code: int | None = None
        self._poll()

    @property
    def exitcode(self) -> int | None:
        """The exit status once it has ended, negative for a signal; None before."""
        self._poll()
        return self._exit_code

    def join(self) -> None:
        """Nothing is left to do once ``exitcode`` is known."""

    def close(self) -> None:
        """Let go of it."""
        with suppress(OSError):
            os.close(self.sentinel)

    def _poll(self) -> None:
        if self._exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._exit_code = os.waitstatus_to_exitcode(status)
