"""Processes of a run: who they are, whether they live, and how they are ended.

A process is named by its pid *and* its creation time, never by the pid alone: pids are given to
others once they are free.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil

from chroniker.context import ENV_RUN_TOKEN
from chroniker.runs.spool import Spool

_PROC = Path("/proc")
_SAME_PROCESS_SECONDS = 0.05
_ENDED_STATES = ("Z", "X")
_STATE, _THREADS, _STARTED = 0, 17, 19  # in /proc/PID/stat, counted from behind the name
_TICKS = os.sysconf("SC_CLK_TCK")


def created(pid: int) -> float | None:
    """When this process was created, or None if there is none (any more).

    In seconds since boot where the system tells (Linux), so that setting the wall clock makes no
    process look like another one; elsewhere in seconds since 1970.
    """
    if not (_PROC / "self" / "stat").exists():
        return _created_by_wall_clock(pid)
    try:
        # The name in brackets may hold anything, brackets and spaces too.
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    # The first thread is a zombie already while others of a killed process still hold its files.
    has_ended = fields[_STATE] in _ENDED_STATES and int(fields[_THREADS]) <= 1
    return None if has_ended else int(fields[_STARTED]) / _TICKS


def _created_by_wall_clock(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        return None if ended else float(process.create_time())
    except psutil.Error:
        return None


def is_alive(pid: int, created_at: float) -> bool:
    """Whether the process that had this pid at that time still runs."""
    found = created(pid)
    return found is not None and abs(found - created_at) < _SAME_PROCESS_SECONDS


def of_run(
    token: str, spool: Path, pid: int | None, created_at: float | None
) -> list[psutil.Process]:
    """All living processes of a run: its first, their descendants, and those that left them.

    One that left (went to a session of its own) is known by one of the spool's files as a
    standard stream or, if it is a program that was started, by the token in its environment.
    """
    found: dict[int, psutil.Process] = {}
    if pid is not None and created_at is not None and is_alive(pid, created_at):
        first = psutil.Process(pid)
        found[pid] = first
        with suppress(psutil.Error):
            found.update((child.pid, child) for child in first.children(recursive=True))
    folder = spool.resolve()
    for process in psutil.process_iter():
        if process.pid not in found and (_carries(process, token) or uses(process.pid, folder)):
            found[process.pid] = process
    return [process for process in found.values() if process.pid != os.getpid()]


def _carries(process: psutil.Process, token: str) -> bool:
    try:
        return bool(process.environ().get(ENV_RUN_TOKEN) == token)
    except (psutil.Error, OSError):
        return False


def uses(pid: int, spool: Path) -> bool:
    """Whether a standard stream of this process is a file in this (resolved) folder."""
    for stream in (0, 1, 2):
        with suppress(OSError):
            if Path(f"/proc/{pid}/fd/{stream}").readlink().is_relative_to(spool):
                return True
    return False


def first_of(spool: Spool) -> int | None:
    """The pid of the job's process, if it lives: the spool names it, and it uses the spool's files.

    Both, for the pid may have been given to another process.
    """
    pid = spool.read_process()
    return pid if pid is not None and uses(pid, spool.folder.resolve()) else None


def send(processes: list[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to each; psutil refuses where the pid has gone to another process."""
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def are_gone(processes: list[psutil.Process]) -> bool:
    """Whether none of these runs any more; never waits for one, for it may be our own child."""
    return not any(_runs_on(process) for process in processes)


def _runs_on(process: psutil.Process) -> bool:
    try:
        ended = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
        return process.is_running() and not ended
    except psutil.Error:
        return False
