"""Whatever dies, the next tick puts the state right, and what was printed is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.runs.spool import Spool
from tests.running import Manage, due_job, is_alive, run_due, run_of, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def pid_of_job(cron: subprocess.Popen[str]) -> int:
    """The job's process that this scheduler runs now, as its program printed it."""

    def printed() -> str:
        assert cron.poll() is None, cron.communicate()
        lock_file = Job.objects.get().lock_file
        stdout = Spool.of(lock_file).stdout
        return stdout.read_text() if lock_file and stdout.exists() else ""

    return int(wait_until(printed).split()[0])


def start(manage: Manage, seconds: float) -> tuple[int, int]:
    """A ``cron`` process that runs a job; their pids."""
    code = f"import os,time; print(os.getppid(), flush=True); time.sleep({seconds}); print('end')"
    due_job("", raw_command=f'{sys.executable} -c "{code}"')
    cron = manage.start("cron")
    return cron.pid, pid_of_job(cron)


def kill_both(cron: int, job: int) -> None:
    """Kill a scheduler and its job, tree and all."""
    os.kill(cron, signal.SIGKILL)
    os.killpg(job, signal.SIGKILL)
    wait_until(lambda: not is_alive(job) and not is_alive(cron))


def test_cron_and_job_killed(manage: Manage, spool_dir: Path) -> None:
    cron, job = start(manage, 60)
    kill_both(cron, job)
    before = Job.objects.get()
    Job.objects.update(raw_command="true")

    run_due()

    lost, again = Log.objects.order_by("pk")
    assert (lost.status, lost.stdout) == ("lost", f"{job}\n")
    assert (again.status, again.attempt, again.trigger) == ("succeeded", 2, "retry")
    assert lost.scheduled_for == again.scheduled_for == before.next_run
    assert Job.objects.get().is_running is False
    assert list(spool_dir.iterdir()) == []


def test_cron_killed_and_the_job_goes_on_and_records_itself(manage: Manage) -> None:
    cron, job = start(manage, 3)
    os.kill(cron, signal.SIGKILL)
    wait_until(lambda: not is_alive(cron))

    run_due()
    assert Job.objects.get().is_running is True

    wait_until(lambda: not is_alive(job))
    log = Log.objects.get()
    assert (log.status, log.exit_code, log.stdout) == ("succeeded", 0, f"{job}\nend\n")
    assert Job.objects.get().is_running is False


def test_job_killed(manage: Manage) -> None:
    _, job = start(manage, 60)
    os.kill(job, signal.SIGKILL)

    log = wait_until(lambda: Log.objects.ended().first())

    assert (log.status, log.reason) == ("failed", "ended by signal SIGKILL")
    assert log.stdout == f"{job}\n"


def test_cron_asked_to_end(manage: Manage) -> None:
    cron, job = start(manage, 60)
    os.kill(cron, signal.SIGTERM)

    log = wait_until(lambda: Log.objects.ended().first())

    assert (log.status, log.reason) == ("stopped", "the scheduler was stopped (SIGTERM)")
    assert not is_alive(job)
    assert Job.objects.get().is_running is False


def test_a_person_stops_a_run(manage: Manage) -> None:
    _, job = start(manage, 600)
    Job.objects.update(force_stop=True, stopped_by="anna")

    log = wait_until(lambda: Log.objects.ended().first())

    assert (log.status, log.reason) == ("stopped", "stopped by anna")
    assert not is_alive(job)


def test_a_request_to_stop_another_run_does_not_reach_this_one(manage: Manage) -> None:
    start(manage, 3)
    fence = Job.objects.get().fence
    Job.objects.update(force_stop=True, stop_fence=fence - 1)

    log = wait_until(lambda: Log.objects.ended().first())

    assert log.status == "succeeded"


def test_a_run_that_is_lost_again_and_again_is_not_made_up_for_for_ever(manage: Manage) -> None:
    manage.set(CHRONIKER_MAX_LOST_RERUNS=1)
    cron, job = start(manage, 60)
    kill_both(cron, job)
    second = manage.start("cron")
    wait_until(lambda: Log.objects.running().exists() and Log.objects.ended().exists())
    kill_both(second.pid, pid_of_job(second))

    manage("cron")

    assert [log.status for log in Log.objects.all()] == ["lost", "lost"]
    row = Job.objects.get()
    assert (row.is_running, row.attempt) == (False, 0)
    assert row.next_run is not None
    assert row.next_run > database_now("default")


def test_a_row_that_1x_left_as_running_is_freed_after_some_minutes() -> None:
    job = due_job()
    Job.objects.update(is_running=True, last_heartbeat="2020-01-01T00:00:00Z")

    run_due()

    assert list(Log.objects.order_by("pk").values_list("status", flat=True)) == [
        "lost",
        "succeeded",
    ]
    job.refresh_from_db()
    assert job.is_running is False


@pytest.mark.breaks_invariants("another host's claim is only played")
def test_a_run_taken_over_by_somebody_else_writes_nothing_more(manage: Manage) -> None:
    manage.set(CHRONIKER_RENEW_SECONDS=1)
    cron, job = start(manage, 60)
    Job.objects.update(claim_token="f" * 32)
    Log.objects.update(status="lost", active_for=None)

    wait_until(lambda: not is_alive(job))
    wait_until(lambda: not is_alive(cron))

    log = Log.objects.get()
    assert log.status == "lost"
    assert log.late_outcome == "lost: taken over by somebody else"
    assert Job.objects.get().claim_token == "f" * 32


def test_what_is_left_of_a_lost_run_does_not_stop_the_spool_from_being_emptied(
    manage: Manage, spool_dir: Path
) -> None:
    cron, job = start(manage, 60)
    kill_both(cron, job)
    (next(spool_dir.iterdir()) / "stray").write_text("x")
    Job.objects.update(enabled=False)

    run_due()

    assert list(spool_dir.iterdir()) == []
    assert run_of(Job.objects.get()).status == "lost"
