"""Deaths at unlucky moments, as rounds of chaos have found them."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from chroniker.constants import Status
from chroniker.dispatch.line import Selection
from chroniker.dispatch.tick import tick
from chroniker.executors.base import Executor
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.runs import processes
from chroniker.runs.run import Run
from chroniker.runs.spool import Spool
from tests.running import Manage, due_job, is_alive, run_due, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def printed_pid() -> int:
    """The pid that the running job has printed."""

    def printed() -> str:
        lock_file = Job.objects.get().lock_file
        stdout = Spool.of(lock_file).stdout
        return stdout.read_text() if lock_file and stdout.exists() else ""

    return int(wait_until(printed).split()[0])


def end(pid: int) -> None:
    """Kill a process and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid))


def start(manage: Manage, code: str) -> tuple[int, int]:
    """A ``cron`` process that runs this Python program, and the pid that the program prints."""
    due_job("", raw_command=f'{sys.executable} -c "{code}"')
    return manage.start("cron").pid, printed_pid()


@pytest.mark.parametrize("removed", ["lock file", "folder"])
def test_a_job_without_scheduler_and_lock_file_is_not_taken_for_dead(
    manage: Manage, removed: str
) -> None:
    code = "import os,time; print(os.getppid(), flush=True); time.sleep(60)"
    cron, job = start(manage, code)
    # As it is until the job's own pid is published, some tenths of a second after its start.
    Job.objects.update(current_pid=str(cron), current_pid_created=processes.created(cron))
    heartbeat = Spool.of(Job.objects.get().lock_file).heartbeat
    heartbeat.unlink()
    if removed == "folder":
        heartbeat.parent.rename(heartbeat.parent.with_name("gone"))
    end(cron)

    run_due()

    assert is_alive(job)
    assert Job.objects.get().is_running is True
    assert Log.objects.get().status == "running"
    os.killpg(job, signal.SIGKILL)
    if removed == "folder":
        shutil.rmtree(heartbeat.parent.with_name("gone"))


def test_a_job_without_scheduler_that_closed_its_standard_input_is_not_taken_for_dead(
    manage: Manage,
) -> None:
    # A command, not a program: the process that would keep the file open is its own.
    due_job("close_input", "60")
    cron, job = manage.start("cron").pid, printed_pid()
    end(cron)

    run_due()

    assert is_alive(job)
    assert Log.objects.get().status == "running"
    os.killpg(job, signal.SIGKILL)


def test_a_job_whose_scheduler_died_is_not_over_before_its_children_are(
    manage: Manage, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    due_job("leave_child", str(go))
    manage.set(CHRONIKER_RENEW_SECONDS=1)
    cron, child = manage.start("cron").pid, printed_pid()
    end(cron)
    go.touch()
    spool = Spool.of(Job.objects.get().lock_file)
    wait_until(lambda: spool.read_result() or Log.objects.ended().exists())
    renewed = Job.objects.get().heartbeat_count + 1
    wait_until(lambda: Job.objects.get().heartbeat_count > renewed or Log.objects.ended().exists())

    run_due()
    assert Log.objects.get().status == "running"
    end(child)

    log = wait_until(lambda: Log.objects.ended().first())
    assert (log.status, log.exit_code) == ("succeeded", 0)


class Notebook(Executor):
    """Writes down what it is asked to launch; while it is asked, the first claim is taken over."""

    claimed_at_once = 8

    def __init__(self) -> None:
        self.launched: list[str] = []

    def lock_file(self, token: str) -> str:
        """As if this process had been frozen between its first claim and its second."""
        for job in Job.objects.filter(name="first", is_running=True):
            Log.objects.filter(token=job.claim_token).update(status=Status.LOST, active_for=None)
            Job.objects.filter(pk=job.pk).update(claim_token="f" * 32)
        return ""

    def launch(self, run: Run) -> None:
        """Note it."""
        self.launched.append(run.job_name)


@pytest.mark.breaks_invariants("the run that takes over is only played")
def test_a_run_that_was_taken_over_before_it_was_launched_is_not_launched(
    settings: Settings,
) -> None:
    settings.CHRONIKER_RENEW_SECONDS = 0
    due_job(name="first")
    due_job(name="second")
    executor = Notebook()

    tick(executor, "default", database_now("default"), Selection())

    assert executor.launched == ["second"]
