"""The processes of a round: started from one that has Django loaded, counted, and all ended."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, kw_only=True)
class Child:
    """A process we started."""

    pid: int
    name: str
    host: str


class Nursery:
    """Starts processes by forking, which costs a hundredth of starting an interpreter.

    Single-threaded, and without a database connection at any time, so that forking is harmless.
    Whatever its children leave behind becomes its own child, and none of it outlives the round.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self.spared: Callable[[], set[int]] = set
        """The pids of what is not ours to end, such as a database server."""
        self.living: dict[int, Child] = {}
        self.crashes: list[str] = []
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def start(self, name: str, action: Callable[[], int], *, host: str = "") -> Child:
        """Run this in a process of its own, whose exit status it returns."""
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            self._be_child(name, action)
        child = Child(pid=pid, name=name, host=host)
        self.living[pid] = child
        return child

    def run(self, name: str, action: Callable[[], int], seconds: float = 120) -> None:
        """Run this to its end. Raises RuntimeError if it fails."""
        pid = self.start(name, action).pid
        give_up = time.monotonic() + seconds
        while pid in self.living:
            if time.monotonic() > give_up:
                raise RuntimeError(f"{name} does not end")
            self.reap()
            time.sleep(0.01)
        if self.crashes:
            raise RuntimeError("\n".join(self.crashes))

    def reap(self) -> None:
        """Take note of the children that have ended, and of what fell to us."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self.living.pop(pid, None)
            code = os.waitstatus_to_exitcode(status)
            if child is not None and code == _CRASHED:
                self.crashes.append(f"{child.name} ({pid}) crashed:\n{self._said(pid)}")

    def end_all(self) -> list[str]:
        """Kill everything that is left; returns what that was."""
        left: list[str] = []
        for _ in range(100):
            self.reap()
            spared = self.spared()
            found = [
                process
                for process in psutil.Process().children(recursive=True)
                if process.pid not in spared and process.status() != psutil.STATUS_ZOMBIE
            ]
            if not found:
                break
            for process in found:
                with suppress(psutil.NoSuchProcess):  # or a zombie by now
                    left.append(f"{process.pid} {' '.join(process.cmdline())[:100]}")
                    process.kill()
            time.sleep(0.05)
        return left

    def _be_child(self, name: str, action: Callable[[], int]) -> None:
        """Never returns."""
        code = _CRASHED
        try:
            os.setsid()
            random.seed()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            self._take_streams()
            code = action()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        except BaseException:  # noqa: BLE001 - whatever it is, the round has to hear of it
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _take_streams(self) -> None:
        log = os.open(
            self._logs / f"{os.getpid()}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, descriptor in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, descriptor)
        os.close(nothing)
        os.close(log)

    def _said(self, pid: int) -> str:
        try:
            return (self._logs / f"{pid}.log").read_text()[-3000:]
        except OSError:
            return "(nothing)"


_CRASHED = 117
