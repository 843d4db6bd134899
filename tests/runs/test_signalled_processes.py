"""A process that merely has the pid of a run's process is never signalled."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.db.models import F
from pytest_django import Settings

from chroniker.constants import Trigger
from chroniker.dispatch import adoption, recovery
from chroniker.dispatch.claim import claim
from chroniker.dispatch.only_one import only_one
from chroniker.dispatch.recovery import Recovery
from chroniker.models import Job
from chroniker.models.database_clock import database_now
from chroniker.runs import processes, spool
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.live import LiveRun
from chroniker.runs.run import Run
from chroniker.runs.spool import Spool
from tests.running import due_job, is_alive, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


class Stranger:
    """A process that is none of the run's."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self.pid = self._process.pid

    def is_unharmed(self) -> bool:
        """Whether it still answers; one that is about to die of a signal does not."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(b"alive\n")
            stdin.flush()
        except BrokenPipeError:
            return False
        return stdout.readline() == b"alive\n"

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    """A process that is none of the run's, and has to stay unharmed."""
    process = Stranger()
    yield process
    process.end()


class Ended:
    """A run's process that has ended, and whose pid another process has now."""

    exitcode = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.sentinel = os.open(os.devnull, os.O_RDONLY)


def claimed() -> Run:
    """A run that is claimed and has a spool, whose lock nothing holds."""
    job = due_job()
    now = database_now("default")
    run = claim(job, now, trigger=Trigger.SCHEDULE, lock_file_of=spool.lock_file_of)
    assert run is not None
    os.close(Spool.of(run.lock_file).create(os.getpid(), 1.0))
    return run


def name_everywhere(run: Run, pid: int, created: float) -> None:
    """Let everything that names the run's process name this one."""
    Spool.of(run.lock_file).write_process(pid)
    Job.objects.update(current_pid=str(pid), current_pid_created=created)


def before(pid: int) -> float:
    """A creation time that this process has not: that of the one which had its pid before."""
    created = processes.created(pid)
    assert created is not None
    return created - 10


def test_by_the_watch(stranger: Stranger) -> None:
    run = claimed()
    folder = Spool.of(run.lock_file).folder
    live = LiveRun(run, Ended(stranger.pid), Confirmation.make(folder, 0.0))  # type: ignore[arg-type]
    live.created = before(stranger.pid)

    live.kill()
    live.end_rest(0.0)
    live.kill_if_overdue()

    assert stranger.is_unharmed()
    recovered(run)


def recovered(run: Run) -> None:
    """The run is over, for the test's own sake."""
    assert [one.token for one, _ in recovery.close_lost(Job.objects.get(), run.claimed)] == [
        run.token
    ]


def test_a_process_is_the_runs_own_by_its_pid_and_its_creation_time(stranger: Stranger) -> None:
    nowhere = Path("/nowhere")

    assert processes.of_run("no token", nowhere, stranger.pid, before(stranger.pid)) == []
    found = processes.of_run("no token", nowhere, stranger.pid, processes.created(stranger.pid))
    assert [process.pid for process in found] == [stranger.pid]


def test_by_a_signal_that_comes_after_the_pid_went_to_another(stranger: Stranger) -> None:
    found = psutil.Process(stranger.pid)
    # As it is if the process that was found has ended meanwhile, and its pid was given away.
    found._ident = (stranger.pid, before(stranger.pid))  # type: ignore[attr-defined]

    processes.send([found], signal.SIGKILL)

    assert stranger.is_unharmed()


@pytest.fixture
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks of one recovery need not be some time apart."""
    monkeypatch.setattr(recovery, "looks_apart", lambda: 0.0)


@pytest.mark.usefixtures("looks_at_once")
@pytest.mark.parametrize("lock", ["free", "held", "gone"])
def test_by_recovery(stranger: Stranger, lock: str) -> None:
    run = claimed()
    name_everywhere(run, stranger.pid, before(stranger.pid))
    Job.objects.update(lease_expires=F("lease_expires") - 3600_000)
    looker = Recovery("default")
    heartbeat = Spool.of(run.lock_file).heartbeat
    holder = subprocess.Popen(
        ["flock", "--no-fork", str(heartbeat), "sleep", "60"], stdin=subprocess.DEVNULL
    )
    wait_until(Spool.of(run.lock_file).is_locked)
    if lock == "free":
        holder.kill()
        holder.wait()
    elif lock == "gone":
        heartbeat.unlink()

    for _ in range(3):
        looker.recover(database_now("default"))

    holder.kill()
    holder.wait()
    looker.recover(database_now("default"))
    assert stranger.is_unharmed()
    assert Job.objects.get().is_running is False


def test_by_ending_what_is_stale(stranger: Stranger) -> None:
    run = claimed()
    name_everywhere(run, stranger.pid, before(stranger.pid))
    Job.objects.update(last_heartbeat=F("last_heartbeat") - timedelta(hours=1))

    Job.objects.end_all_stale()

    assert stranger.is_unharmed()
    assert Job.objects.get().is_running is False


def test_by_a_scheduler_that_was_started_anew(stranger: Stranger) -> None:
    run = claimed()
    Confirmation.make(Spool.of(run.lock_file).folder, 0.0)
    me = processes.created(os.getpid())
    Spool.of(run.lock_file).watcher.write_text(f"{os.getpid()} {me!r}")
    other = psutil.Process().parent()
    assert other is not None
    name_everywhere(run, other.pid, before(other.pid))

    assert list(adoption.children_of_this_process("default")) == []

    assert is_alive(other.pid)
    recovered(run)


@pytest.mark.parametrize("text", ["{}", "{} and more"])
def test_by_a_cron_that_wants_to_be_the_only_one(
    stranger: Stranger, settings: Settings, tmp_path: Path, text: str
) -> None:
    settings.CHRONIKER_USE_PID = True
    settings.CHRONIKER_PID_FN = tmp_path / "pid"
    settings.CHRONIKER_PID_FN.write_text(text.format(stranger.pid))

    with only_one() as alone:
        assert alone
        assert settings.CHRONIKER_PID_FN.read_text() == f"{os.getpid()}\n"

    assert stranger.is_unharmed()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of a system call is its own")
def test_a_process_whose_first_thread_has_ended_is_alive_until_the_others_have() -> None:
    code = (
        "import ctypes, threading\n"
        "threading.Thread(target=input).start()\n"
        "print('started', flush=True)\n"
        "ctypes.CDLL(None).syscall(60, 0)  # exit, of this thread alone\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as half:  # type: ignore[call-overload]
        assert half.stdout.readline() == b"started\n"
        wait_until(lambda: psutil.Process(half.pid).status() == psutil.STATUS_ZOMBIE)

        created = processes.created(half.pid)
        assert created is not None
        assert processes.is_alive(half.pid, created)
        assert not processes.are_gone([psutil.Process(half.pid)])

        half.kill()
        half.wait()
        assert processes.created(half.pid) is None
