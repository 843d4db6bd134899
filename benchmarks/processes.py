"""Processes that are measured: how long they took, what they cost, how much memory they held."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
MANAGE = (str(ROOT / "test_project" / "manage.py"),)
FLOORS = ROOT / "benchmarks" / "floors"

LONGEST_SECONDS = 600
"""A process that takes longer is ended, and the benchmark fails."""

GRACE_SECONDS = 30


class BenchmarkError(Exception):
    """Something that was measured did not do its work, so its numbers mean nothing."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One process and all its descendants. Seconds; memory is that of the largest, in MiB."""

    wall: float
    cpu: float
    peak_mib: float
    output: str


def environment(database: str, folder: Path, **more: str) -> dict[str, str]:
    """The environment of every measured process."""
    # Unbuffered output would slow the floor down, and make every ratio look better than it is.
    inherited = {name: value for name, value in os.environ.items() if not _disturbs(name)}
    return {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "CHRONIKER_TEST_DB": database,
        "CHRONIKER_TEST_VAR": str(folder),
        **more,
    }


def _disturbs(name: str) -> bool:
    where_the_server_is = name.endswith(("_HOST", "_PORT", "_USER", "_PASSWORD"))
    ours = name.startswith("CHRONIKER_") and not where_the_server_is
    return ours or name.startswith(("PYTHON", "COVERAGE"))


def measure(*words: str, env: Mapping[str, str]) -> Measured:
    """Run ``python words`` to its end. Raises BenchmarkError unless it ends well."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            (sys.executable, *words),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=ROOT,
            start_new_session=True,
        )
        status, usage = _wait(process.pid)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="backslashreplace")
    if process.returncode:
        raise BenchmarkError(f"{' '.join(words)} ended with {process.returncode}:\n{text[-2000:]}")
    return Measured(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_mib=_in_mib(usage),
        output=text,
    )


def _in_mib(usage: resource.struct_rusage) -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit / 1024**2


def _wait(pid: int) -> tuple[int, resource.struct_rusage]:
    """Wait for the end of this group's leader; it is ended if it takes too long, or on Ctrl-C."""
    with _ended_after(LONGEST_SECONDS, pid):
        try:
            _, status, usage = os.wait4(pid, 0)
        except KeyboardInterrupt:
            with _ended_after(0, pid):
                os.wait4(pid, 0)
            raise
    return status, usage


@contextmanager
def _ended_after(seconds: float, group: int) -> Iterator[None]:
    """Ask the processes inside to end after so many seconds, and kill them some time later."""
    # Asked first, for cron then ends its runs, which are no members of its group.
    timers = [
        threading.Timer(seconds, os.killpg, (group, signal.SIGTERM)),
        threading.Timer(seconds + GRACE_SECONDS, os.killpg, (group, signal.SIGKILL)),
    ]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()


@contextmanager
def going_on(*words: str, env: Mapping[str, str]) -> Iterator[int]:
    """Let ``python words`` run meanwhile; its pid. Raises BenchmarkError if it ends by itself."""
    process = subprocess.Popen(
        (sys.executable, *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # runs that are ended with it
        env=env,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        yield process.pid
        if process.poll() is not None:
            raise BenchmarkError(f"{' '.join(words)} ended with {process.returncode}")
    finally:
        if process.poll() is None:
            with _ended_after(0, process.pid):
                process.wait()


class Stage:
    """The process that keeps the database; see :mod:`benchmarks.stage`."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-m", "benchmarks.stage"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,
            cwd=ROOT,
            text=True,
            start_new_session=True,  # Ctrl-C is not for it: it has a database to remove
        )
        self.database: str = self._answer("make a database")

    def ask(self, name: str, **arguments: Any) -> Any:
        """Have the stage do this; returns its answer. Raises BenchmarkError if it can't."""
        requests = _open(self._process.stdin)
        requests.write(json.dumps([name, arguments]) + "\n")
        requests.flush()
        return self._answer(name)

    def _answer(self, request: str) -> Any:
        answer = _open(self._process.stdout).readline()
        if not answer:
            raise BenchmarkError(f"the stage failed at {request!r}; what it said is above")
        return json.loads(answer)

    def end(self) -> None:
        """Let the process remove the database and end."""
        _open(self._process.stdin).close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _open(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise TypeError("not a pipe")
    return stream
