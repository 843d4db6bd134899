"""A run by code takes nothing from its caller, and keeps its claim or ends."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from chroniker.models import Job
from tests.running import (
    Manage,
    due_job,
    is_alive,
    printed_so_far,
    run_due,
    run_of,
    wait_until,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


@pytest.fixture
def alarm() -> Iterator[None]:
    """An alarm of the caller's own, far away."""
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 100, 50)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("alarm")
def test_an_alarm_of_the_caller_is_still_set_after_a_run() -> None:
    due_job().run(force_run=True)

    left, interval = signal.getitimer(signal.ITIMER_REAL)
    assert 50 < left <= 100
    assert interval == 50


def test_a_run_by_code_without_heartbeat_keeps_its_claim(manage: Manage) -> None:
    manage.set(CHRONIKER_RENEW_SECONDS=1)
    job = due_job("sleep_for", "60")
    manage.start("run_job", str(job.pk), "--update_heartbeat", "0")
    wait_until(lambda: Job.objects.get().is_running)
    before = Job.objects.get().heartbeat_count

    wait_until(lambda: Job.objects.get().heartbeat_count > before)


@pytest.mark.breaks_invariants("another host's claim is only played")
def test_a_run_in_the_calling_process_ends_when_it_is_taken_over(manage: Manage) -> None:
    manage.set(CHRONIKER_RENEW_SECONDS=1)
    job = due_job("sleep_for", "600")
    caller = manage.start("run_job", str(job.pk))
    wait_until(printed_so_far)

    Job.objects.update(claim_token="f" * 32)

    assert caller.wait(120) != 0
    assert Job.objects.get().claim_token == "f" * 32


# Time limits


def assert_timed_out(job: Job) -> None:
    log = run_of(job)
    assert (log.status, log.reason) == ("timed_out", "took longer than 1 s")
    assert (log.success, log.on_time) == (False, False)
    assert (log.duration_seconds or 0) < 60


def test_a_run_by_code_is_interrupted_at_its_time_limit_and_its_caller_goes_on() -> None:
    job = due_job("sleep_for", "600", timeout_seconds=1)
    before = signal.getsignal(signal.SIGINT)

    assert job.run()

    assert_timed_out(job)
    assert "Awake" not in run_of(job).stdout
    assert "KeyboardInterrupt" in run_of(job).stderr
    assert signal.getsignal(signal.SIGINT) == before


def test_cron_sync_interrupts_a_run_at_its_time_limit_and_goes_on_with_the_next(
    manage: Manage,
) -> None:
    first = due_job("sleep_for", "600", name="a", timeout_seconds=1)
    second = due_job("succeed", name="b")

    done = manage("cron", "--sync")

    assert "Traceback" not in done.stderr
    assert_timed_out(first)
    assert run_of(second).status == "succeeded"


def test_a_command_that_ends_well_once_it_is_interrupted_has_still_timed_out(
    settings: Settings, tmp_path: Path
) -> None:
    settings.CHRONIKER_KILL_GRACE_SECONDS = 1
    program = tmp_path / "stubborn.py"
    program.write_text(
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print(os.getpid(), flush=True); time.sleep(600)"
    )
    job = due_job("", raw_command=f"{sys.executable} {program}", timeout_seconds=1)

    job.run()

    assert_timed_out(job)
    assert not is_alive(int(run_of(job).stdout))


@pytest.mark.parametrize("manners", ["polite", "stubborn"])
def test_in_another_thread_the_programs_of_a_run_are_ended_at_its_time_limit(
    settings: Settings, tmp_path: Path, manners: str
) -> None:
    settings.CHRONIKER_KILL_GRACE_SECONDS = 1 if manners == "stubborn" else 30
    program = tmp_path / "program.py"
    polite = "lambda *_: sys.exit('asked to end')"
    program.write_text(
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, {polite if manners == 'polite' else 'signal.SIG_IGN'})\n"
        "time.sleep(600)"
    )
    job = due_job("", raw_command=f"{sys.executable} {program}", timeout_seconds=3)

    def run() -> None:
        job.run()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(120)

    assert not thread.is_alive()
    log = run_of(job)
    assert (log.status, log.on_time) == ("timed_out", False)
    assert log.stderr == ("asked to end\n" if manners == "polite" else "")


@pytest.mark.django_db(transaction=False)
def test_inside_a_transaction_a_time_limit_holds_as_well() -> None:
    job = due_job("sleep_for", "600", timeout_seconds=1)

    run_due()

    assert_timed_out(job)


def test_an_interrupt_by_a_person_is_still_the_callers(manage: Manage) -> None:
    job = due_job("sleep_for", "600", timeout_seconds=500)
    caller = manage.start("run_job", str(job.pk))
    wait_until(printed_so_far)

    caller.send_signal(signal.SIGINT)
    caller.communicate()

    assert caller.returncode != 0
    assert (run_of(job).status, run_of(job).reason) == ("stopped", "interrupted")
