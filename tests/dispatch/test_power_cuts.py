"""Whatever of the end of a run was half done when its scheduler died, the next tick completes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections
from pytest_django import Settings

from chroniker import settings
from chroniker.dispatch import leftovers
from chroniker.dispatch.messenger import Messenger
from chroniker.host import uptime
from chroniker.models import Job, Log, claims
from chroniker.models.database_clock import database_now
from chroniker.runs import lease, processes, record
from chroniker.runs.spool import Result, Spool, lock_file_of
from tests.running import Manage, due_job, printed_so_far, run_due, run_of, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def note(job: Job, **_: str) -> None:
    """The project's callback: writes down that it was told."""
    with Path(os.environ["CHRONIKER_TEST_TOLD"]).open("a") as file:
        file.write(f"{job.name}\n")


@pytest.fixture
def told(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the ends are written down that the project was told of."""
    file = tmp_path / "told"
    file.touch()
    monkeypatch.setenv("CHRONIKER_TEST_TOLD", str(file))
    settings.CHRONIKER_JOB_ERROR_CALLBACK = "tests.dispatch.test_power_cuts.note"
    return file


def die(*_: Any, **__: Any) -> None:
    """As if the power were cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(real: Callable[..., Any]) -> Callable[..., Any]:
    """Do it, then die."""

    def both(*args: Any, **options: Any) -> None:
        real(*args, **options)
        die()

    return both


STEPS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "before anything is written": (record, "record", die),
    "between the job and its log": (record, "_log_after", die),
    "before the commit": (record, "_stored", die),
    "after the commit": (record, "_write", then_die(record._write)),
    "before old logs are removed": (record, "keep_newest", die),
    "before people are told": (Messenger, "_start", die),
}


def tick_that_dies(where: object, name: str, what: Callable[..., Any]) -> None:
    """A scheduler's process that dies there."""
    setattr(where, name, what)
    run_due()


@pytest.mark.parametrize("step", STEPS)
def test_a_scheduler_killed_while_it_records(told: Path, step: str) -> None:
    job = due_job("fail")
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    scheduler = fork.Process(target=tick_that_dies, args=STEPS[step])
    scheduler.start()
    scheduler.join()
    assert scheduler.exitcode == -signal.SIGKILL

    run_due()

    log = run_of(job)  # of several there would be no one
    assert (log.status, log.exit_code) == ("failed", 1)
    assert log.stdout == "About to fail.\n"
    assert wait_until(told.read_text) == "fail\n"
    job.refresh_from_db()
    assert (job.is_running, job.attempt) == (False, 0)
    run_due()
    assert told.read_text() == "fail\n"


def test_a_stopped_run_whose_scheduler_died_is_not_made_up_for(manage: Manage) -> None:
    manage.set(CHRONIKER_KILL_GRACE_SECONDS=60, CHRONIKER_LOCK_TIMEOUT=120)
    due_job("sleep_for", "60 --stubborn")
    cron = manage.start("cron")
    wait_until(printed_so_far)
    spool = Spool.of(Job.objects.get().lock_file)
    Job.objects.update(force_stop=True, stopped_by="anna")
    wait_until(spool.read_result)

    pid = spool.read_process()
    assert pid is not None
    for one in (cron.pid, pid):
        os.kill(one, signal.SIGKILL)
    wait_until(lambda: processes.created(cron.pid) is None and spool.is_locked() is False)
    run_due()

    log = Log.objects.get()
    assert (log.status, log.reason) == ("stopped", "stopped by anna")


def test_of_two_schedulers_that_find_the_same_folder_one_takes_it() -> None:
    spool = Spool.of(lock_file_of("a" * 32))
    os.close(spool.create(os.getpid(), 1.0))
    me = (os.getpid(), processes.created(os.getpid()))

    first, second = (
        spool.take_over(*me, is_free=lambda: leftovers._is_free(spool)) for _ in range(2)
    )

    assert (first, second) == (True, False)
    spool.remove()


def test_an_end_that_another_host_recorded_was_told_there(told: Path) -> None:
    job = due_job("fail")
    job.enabled = False
    job.save()
    now = database_now("default")
    Job.objects.update(fence=1)
    ends = {"run_start_datetime": now, "run_end_datetime": now, "duration_seconds": 0}
    Log.objects.create(
        job=job, token="a" * 32, status="lost", success=False, reason="silent", **ends
    )
    spool = Spool.of(lock_file_of("a" * 32))
    os.close(spool.create(os.getpid(), 1.0))
    spool.write_verdict(Result(exit_code=1, status="failed", reason="exited"))

    run_due()

    wait_until(lambda: not spool.exists())  # who tells does so before
    assert told.read_text() == ""
    assert run_of(job).late_outcome == "failed: exited"


def away(monkeypatch: pytest.MonkeyPatch, module: object, *names: str) -> list[datetime]:
    """Let these questions find no database, from the first on and for longer than the lease."""
    began: list[float] = []
    asked: list[datetime] = []

    def instead_of(real: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any) -> Any:
            began.append(uptime())
            asked.append(database_now("default"))
            if uptime() - began[0] < settings.CHRONIKER_LOCK_TIMEOUT:
                raise OperationalError("server closed the connection unexpectedly")
            return real(*args)

        return ask

    for name in names:
        monkeypatch.setattr(module, name, instead_of(getattr(module, name)))
    return asked


@pytest.fixture
def short_lease(settings: Settings) -> None:
    """A lease of some seconds."""
    settings.CHRONIKER_LOCK_TIMEOUT, settings.CHRONIKER_KILL_GRACE_SECONDS = 6, 0.2
    settings.CHRONIKER_RENEW_SECONDS = 0.2
    settings.CHRONIKER_MAX_LOST_RERUNS = 0


@pytest.mark.usefixtures("short_lease")
def test_an_end_that_finds_no_database_for_longer_than_the_lease_is_recorded_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = due_job("print_lines", "2")
    asked = away(monkeypatch, claims, "held")

    run_due()

    log = run_of(job)
    assert (log.status, log.stdout, log.late_outcome) == ("succeeded", "line 1\nline 2\n", None)
    assert log.run_end_datetime is not None
    assert log.run_end_datetime <= asked[0] + timedelta(seconds=1) < asked[-1]


@pytest.mark.usefixtures("short_lease")
def test_a_run_whose_claim_cannot_be_renewed_for_longer_than_the_lease_is_ended_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = due_job("sleep_for", "60")
    asked = away(monkeypatch, lease, "renew", "asked_to_stop")

    run_due()

    log = run_of(job)
    # Its own process and its scheduler are both about to end it; on a busy machine either is first.
    by_itself, by_its_scheduler = "could not reach the database", "could not be reached in time"
    assert log.status == "lost"
    assert (log.reason or "").endswith((by_itself, by_its_scheduler))
    assert log.run_end_datetime is not None
    lease_ends = asked[0] + timedelta(seconds=settings.CHRONIKER_LOCK_TIMEOUT)
    assert log.run_end_datetime < lease_ends
    job.refresh_from_db()
    assert job.is_running is False


def test_a_database_slower_than_the_lease_ends_runs_but_never_doubles_one(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.CHRONIKER_LOCK_TIMEOUT, settings.CHRONIKER_KILL_GRACE_SECONDS = 5.7, 0.2
    settings.CHRONIKER_RENEW_SECONDS = 0.1
    settings.CHRONIKER_MAX_LOST_RERUNS = 1
    job = due_job("sleep_for", "60")
    real = lease.renew

    def slowly(*args: Any) -> set[str]:
        began = uptime()
        wait_until(lambda: uptime() - began > 0.7)
        return real(*args)

    monkeypatch.setattr(lease, "renew", slowly)

    for _ in range(3):
        run_due()

    first, second = job.logs.order_by("pk")
    assert (first.status, second.status) == ("lost", "lost")
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.run_end_datetime is not None
    assert first.run_end_datetime <= second.run_start_datetime
