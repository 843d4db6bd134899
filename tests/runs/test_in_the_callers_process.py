"""A run by code takes nothing from its caller, and keeps its claim or ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from chroniker.models import Job
from tests.running import Manage, due_job, printed_so_far, wait_until

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
    job = due_job("sleep_for", "60")
    caller = manage.start("run_job", str(job.pk))
    wait_until(printed_so_far)

    Job.objects.update(claim_token="f" * 32)

    assert caller.wait(10) != 0
    assert Job.objects.get().claim_token == "f" * 32
