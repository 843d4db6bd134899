"""Jobs that really run: rows, processes, and waiting for what they do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from django.db import connections

from chroniker.constants import MANUAL
from chroniker.dispatch.line import Selection
from chroniker.dispatch.supervisor import Ended, Supervisor
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from chroniker.runs.spool import Spool

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent


def due_job(command: str = "succeed", args: str = "", **values: Any) -> Job:
    """A job that is due since a minute, every day at that time."""
    since = to_stored(database_now("default") - timedelta(minutes=1)).replace(microsecond=0)
    values = {"name": command or "raw", "frequency": "DAILY", "next_run": since, **values}
    if values["frequency"] == MANUAL:
        values["next_run"] = None
    job = Job(command=command, args=args, **values)
    job.save()
    job.refresh_from_db()
    return job


def run_due(**options: Any) -> list[Ended]:
    """One pass of the scheduler in this process, each job in a process of its own."""
    return Supervisor("default", **options).run_once(Selection())


def run_of(job: Job) -> Log:
    """The only run of this job."""
    return Log.objects.get(job=job)


def printed_so_far() -> str:
    """What the run of the only job has written into its spool."""
    lock_file = Job.objects.get().lock_file
    stdout = Spool.of(lock_file).stdout
    return stdout.read_text() if lock_file and stdout.exists() else ""


def wait_until(condition: Callable[[], T | None], seconds: float = 120) -> T:
    """Wait for something to become true; fails if it does not."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"still not true after {seconds} s: {condition}"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether this process runs, or still holds its files (a zombie without threads does not)."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1
    except psutil.NoSuchProcess:
        return False


def children_of(pid: int) -> list[int]:
    """The pids of a process's children that run."""
    return [child.pid for child in psutil.Process(pid).children() if is_alive(child.pid)]


class Manage:
    """``manage.py`` as a process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._started: list[subprocess.Popen[str]] = []

    def set(self, **settings: Any) -> None:
        """Settings for the processes that are started from now on."""
        known = json.loads(os.environ.get("CHRONIKER_TEST_SETTINGS", "{}"))
        self._monkeypatch.setenv("CHRONIKER_TEST_SETTINGS", json.dumps(known | settings))

    def start(self, *arguments: str, path: Path = ROOT) -> subprocess.Popen[str]:
        """Start a command; its output can be read from the process.

        ``path`` is a further folder of code it can import.
        """
        connections.close_all()
        process = subprocess.Popen(
            [sys.executable, "test_project/manage.py", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{path}"},
        )
        self._started.append(process)
        return process

    def __call__(self, *arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def end_all(self) -> None:
        """End what was started and still runs, with all of its children."""
        for process in self._started:
            if process.poll() is None:
                tree = psutil.Process(process.pid).children(recursive=True)
                process.send_signal(signal.SIGKILL)
                for child in tree:
                    try:
                        child.kill()
                    except psutil.NoSuchProcess:
                        continue
            process.communicate()
