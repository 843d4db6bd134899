"""What recovery takes for lost, what it leaves alone, and what it never kills."""

from __future__ import annotations

import fcntl
import os
import signal
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.models import F

from chroniker.constants import Trigger
from chroniker.dispatch import recovery
from chroniker.dispatch.claim import claim
from chroniker.dispatch.recovery import Recovery
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.runs import capture, processes, record, spool
from chroniker.runs.run import Run
from chroniker.runs.spool import Result, Spool
from tests.running import Manage, due_job, is_alive, printed_so_far, run_due, run_of, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

AN_HOUR = 3600_000
"""In milliseconds, as leases are."""


@pytest.fixture
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks of one recovery need not be some time apart."""
    monkeypatch.setattr(recovery, "looks_apart", lambda: 0.0)


def claimed(job: Job) -> Run:
    """A run of this job, claimed by this process and not launched."""
    run = claim(
        job,
        database_now("default"),
        trigger=Trigger.SCHEDULE,
        lock_file_of=spool.lock_file_of,
    )
    assert run is not None
    return run


def locked(run: Run, watcher: int, created: float | None) -> int:
    """Make the run's spool as its launch does; the descriptor that holds the lock."""
    return Spool.of(run.lock_file).create(watcher, created)


def left_behind(job: Job, printed: bytes = b"") -> Run:
    """A run of this job whose process and watcher are gone without a word."""
    run = claimed(job)
    os.close(locked(run, os.getpid(), 1.0))  # whoever had our pid then is long gone
    Spool.of(run.lock_file).stdout.write_bytes(printed)
    return run


def recover(by: Recovery | None = None) -> list[str]:
    """The names of the jobs whose runs are found to be lost."""
    found = (by or Recovery("default")).recover(database_now("default"))
    return [run.job_name for run, _ in found]


def expire() -> None:
    """Let every lease have run out an hour ago."""
    Job.objects.filter(is_running=True).update(lease_expires=F("lease_expires") - AN_HOUR)


def start_sleeper(manage: Manage) -> tuple[int, int]:
    """A ``cron`` process that runs a job for a minute; their pids."""
    manage.set(CHRONIKER_RENEW_SECONDS=1)
    due_job("sleep_for", "60")
    cron = manage.start("cron")
    wait_until(printed_so_far)
    pid = Spool.of(Job.objects.get().lock_file).read_process()
    assert pid is not None
    return cron.pid, pid


# Freed


@pytest.mark.usefixtures("looks_at_once")
def test_a_claim_that_was_never_launched_is_freed_though_its_claimer_lives() -> None:
    claimed(due_job())
    looker = Recovery("default")
    assert recover(looker) == []
    expire()

    recover(looker)
    recover(looker)

    assert Job.objects.get().is_running is False
    assert Log.objects.get().status == "lost"


def test_a_lost_run_that_cannot_be_recorded_holds_up_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left_behind(due_job(name="a bad"))
    left_behind(due_job(name="b good"))
    due = due_job(name="c due")
    real = record.record

    def recorded(run: Run, *args: Any) -> bool:
        if run.job_name == "a bad":
            raise DatabaseError("Got a packet bigger than 'max_allowed_packet' bytes")
        return real(run, *args)

    monkeypatch.setattr(record, "record", recorded)

    run_due()

    assert run_of(due).status == "succeeded"
    ends = Log.objects.filter(job__name="b good").order_by("pk")
    assert [log.status for log in ends] == ["lost", "succeeded"]
    monkeypatch.undo()
    assert recover() == ["a bad"]


def test_a_lost_run_that_printed_more_than_the_database_takes_is_recorded_with_the_newest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = due_job()
    left_behind(job, printed=b"old\n" * 50_000 + b"new\n")
    real = record.record

    def recorded(run: Run, outcome: Any, output: Any) -> bool:
        if len(output.stdout) > 2 * capture.LIVE_BYTES:
            raise DatabaseError("Got a packet bigger than 'max_allowed_packet' bytes")
        return real(run, outcome, output)

    monkeypatch.setattr(record, "record", recorded)

    recover()

    log = run_of(job)
    assert (log.status, log.output_truncated) == ("lost", True)
    assert log.stdout.endswith("new\n")


def test_a_lost_run_with_megabytes_that_are_no_text_is_recorded() -> None:
    job = due_job()
    left_behind(job, printed=b"\xff" * 6_000_000)  # four characters each, once shown

    assert recover() == [job.name]
    assert run_of(job).stdout.startswith("\\xff")


def test_a_result_that_cannot_be_understood_counts_as_none() -> None:
    run = left_behind(due_job())
    Spool.of(run.lock_file).write_result(Result(exit_code=0, status="adjourned"))

    recover()

    assert Log.objects.get().status == "lost"


# Left alone


@pytest.mark.usefixtures("looks_at_once")
def test_a_watched_run_outlives_a_jump_of_the_databases_clock(manage: Manage) -> None:
    _, job = start_sleeper(manage)
    looker = Recovery("default")
    lease, before = Job.objects.values_list("lease_expires", "heartbeat_count").get()
    expire()

    assert recover(looker) == []
    wait_until(lambda: Job.objects.get().heartbeat_count > before)
    expire()
    assert recover(looker) == []

    assert is_alive(job)
    assert Log.objects.get().status == "running"
    wait_until(lambda: (Job.objects.get().lease_expires or 0) >= lease)


def test_a_run_is_not_lost_while_its_lock_is_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    job = due_job()
    lost: list[str] = []
    real = fcntl.flock

    def flock(descriptor: int, how: int) -> None:
        if not lost:
            lost.append("looked")
            lost.extend(recover())
        real(descriptor, how)

    monkeypatch.setattr("chroniker.runs.spool.fcntl.flock", flock)

    run_due()

    assert lost == ["looked"]
    assert (run_of(job).status, run_of(job).late_outcome) == ("succeeded", None)


def test_a_run_of_another_boot_is_lost_only_if_nobody_holds_its_lock() -> None:
    # Two containers can share a name and a spool, and each takes the other for an earlier boot.
    run = claimed(due_job())
    lock = locked(run, os.getpid(), processes.created(os.getpid()))
    Job.objects.update(boot_id="of another container")

    assert recover() == []
    os.close(lock)
    assert recover() == [run.job_name]


@pytest.mark.usefixtures("looks_at_once")
def test_a_run_whose_scheduler_is_frozen_is_killed_without_the_scheduler(manage: Manage) -> None:
    cron, job = start_sleeper(manage)
    os.kill(cron, signal.SIGSTOP)
    # As it is until the first output is published.
    Job.objects.update(current_pid=str(cron), current_pid_created=processes.created(cron))
    looker = Recovery("default")
    expire()

    recover(looker)
    recover(looker)

    assert Log.objects.get().status == "lost"
    assert not is_alive(job)
    assert is_alive(cron)
