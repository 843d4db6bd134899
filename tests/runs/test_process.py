"""What a job's process comes with, and the odd ways in which it can end."""

from __future__ import annotations

import atexit
import json
import random
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from chroniker.models import Job, Log
from tests.running import Manage, due_job, is_alive, run_due, run_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


# What it comes with


def told(job: Job) -> dict[str, Any]:
    """What ``tell_inheritance`` printed."""
    said: dict[str, Any] = json.loads(run_of(job).stdout)
    return said


@only_linux
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_job_leads_a_session_and_has_no_descriptor_of_the_scheduler(
    manage: Manage, method: str, spool_dir: Path
) -> None:
    manage.set(CHRONIKER_START_METHOD=method)
    job = due_job("tell_inheritance")

    done = manage("cron")

    assert done.returncode == 0, done.stderr
    said = told(job)
    assert said["pid"] == said["session"] == said["group"]
    folder = spool_dir / str(Log.objects.get().token)
    streams = {said["files"].pop(number): number for number in ("0", "1", "2")}
    assert set(streams) == {str(folder / name) for name in ("heartbeat", "stdout", "stderr")}
    # No socket or file of the scheduler, its database among them; multiprocessing needs pipes,
    # and before 3.13 Python keeps a descriptor of what it has mapped.
    needed = {"/dev/null", str(folder / "confirmed")}
    others = [path for path in said["files"].values() if path not in needed]
    assert [path for path in others if not path.startswith("pipe:")] == []
    assert len(others) <= 3


def test_a_job_has_the_usual_signal_handlers_and_a_random_state_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    left_to_do = tmp_path / "at-exit"
    atexit.register(left_to_do.touch)
    random.seed(1)
    before = {
        number: signal.signal(number, lambda *_: None) for number in (signal.SIGUSR1, signal.SIGHUP)
    }
    first = due_job("tell_inheritance", name="first")
    second = due_job("tell_inheritance", name="second")
    try:
        run_due()
    finally:
        atexit.unregister(left_to_do.touch)
        for number, handler in before.items():
            signal.signal(number, handler)

    for job in (first, second):
        assert set(told(job)["handlers"].values()) == {"0"}
        assert told(job)["blocked"] == 0
        assert told(job)["threads"] == ["MainThread", "chroniker-heartbeat"]
    assert told(first)["random"] != told(second)["random"]
    assert not left_to_do.exists()


# How it can end


@pytest.mark.parametrize(
    ("args", "status", "exit_code", "stdout"),
    [
        ("exit 0", "succeeded", 0, "before\n"),
        ("exit 9", "failed", 9, "before\n"),
        ("exec 0", "succeeded", 0, "before\nafter\n"),
        ("exec 5", "failed", 5, "before\nafter\n"),
        ("close 0", "succeeded", 0, "before\n"),
        ("close 4", "failed", 4, "before\n"),
        ("text 0", "failed", 1, "before\n"),
    ],
)
def test_a_command_that_ends_oddly_ends_as_what_it_did(
    args: str, status: str, exit_code: int, stdout: str
) -> None:
    job = due_job("end_oddly", args)

    run_due()

    log = run_of(job)
    assert (log.status, log.exit_code, log.stdout) == (status, exit_code, stdout)
    job.refresh_from_db()
    assert (job.is_running, job.claim_token) == (False, None)


def test_a_daemon_that_the_job_left_is_ended_with_it(settings: Settings) -> None:
    settings.CHRONIKER_KILL_GRACE_SECONDS = 1
    # Twice forked and in a session of its own, as daemons are; the lock tells that it lives.
    code = (
        "import os, time;"
        "os.fork() and os._exit(0);"
        "os.setsid();"
        "os.fork() and os._exit(0);"
        "print(os.getpid(), flush=True);"
        "time.sleep(60)"
    )
    job = due_job("", raw_command=f'{sys.executable} -c "{code}"', timeout_seconds=2)

    run_due()

    log = run_of(job)
    assert log.status == "timed_out"
    assert not is_alive(int(log.stdout))
