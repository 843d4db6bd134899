"""A run whose scheduler has died is still held to its limits, and can be stopped."""

from __future__ import annotations

from typing import Any

import pytest

from chroniker.models import Job, Log
from chroniker.runs.spool import Spool
from tests.running import Manage, due_job, is_alive, printed_so_far, run_due, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


@pytest.fixture
def left_alone(manage: Manage) -> Any:
    """Start a job and kill its scheduler; returns the job's pid."""

    def start(**values: Any) -> int:
        manage.set(CHRONIKER_RENEW_SECONDS=1)
        due_job("sleep_for", "600", **values)
        cron = manage.start("cron")
        wait_until(printed_so_far)
        pid = Spool.of(Job.objects.get().lock_file).read_process()
        cron.kill()
        cron.wait()
        assert pid is not None
        return pid

    return start


def test_a_time_limit_holds_without_a_scheduler(left_alone: Any) -> None:
    job = left_alone(timeout_seconds=1)

    wait_until(lambda: not is_alive(job))
    Job.objects.update(enabled=False)
    run_due()

    log = Log.objects.get()
    assert (log.status, log.reason) == ("timed_out", "took longer than 1 s")


def test_a_request_to_stop_reaches_a_run_without_a_scheduler(left_alone: Any) -> None:
    job = left_alone()
    Job.objects.update(force_stop=True, stopped_by="anna", enabled=False)

    wait_until(lambda: not is_alive(job))
    run_due()

    log = Log.objects.get()
    assert (log.status, log.reason) == ("stopped", "stopped by anna")
