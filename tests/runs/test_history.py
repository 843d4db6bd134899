"""What a job knows of itself while it runs, and what its runs leave in the database."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from chroniker.models import Job, JobDependency, Log
from chroniker.moments import to_instant
from tests.running import Manage, due_job, run_due, run_of, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def run_again(job: Job) -> dict[str, Any]:
    """Let the job run once more; returns what it told."""
    Job.objects.filter(pk=job.pk).update(force_run=True)
    run_due()
    newest: Log = job.logs.latest("run_start_datetime", "pk")
    told: dict[str, Any] = json.loads(newest.stdout)
    return told


# Row: Job sees its own history
def test_a_job_sees_its_own_history() -> None:
    dependee = due_job(name="import")
    job = due_job("tell_history", frequency="MANUAL")
    JobDependency.objects.create(
        dependent=job, dependee=dependee, wait_for_next_run=False, wait_for_success=False
    )

    first = run_again(job)
    second = run_again(job)

    assert first["waits_for"] == second["waits_for"] == ["import"]
    assert (first["last_run"], first["last_success"]) == (None, None)
    assert second["last_run"] is not None
    assert first["first_run"] == second["first_run"]
    assert first["is_running"] is True


# Row: Context variables for the job
def test_a_run_is_told_which_job_and_run_it_is_and_for_which_time() -> None:
    job = due_job("show_environment")
    raw = due_job("", raw_command="sh -c 'echo $CHRONIKER_JOB_ID $CHRONIKER_SCHEDULED_FOR'")

    run_due()

    log = run_of(job)
    told = json.loads(log.stdout)
    scheduled_for = to_instant(log.scheduled_for)
    assert scheduled_for is not None
    assert datetime.fromisoformat(told["CHRONIKER_SCHEDULED_FOR"]) == scheduled_for
    assert (told["CHRONIKER_JOB_ID"], told["CHRONIKER_RUN_ID"]) == (str(job.pk), str(log.pk))
    job_id, moment = run_of(raw).stdout.split()
    assert job_id == str(raw.pk)
    assert datetime.fromisoformat(moment) == to_instant(run_of(raw).scheduled_for)


# Row: Heartbeat
def test_a_job_gives_signs_of_life_while_it_runs(manage: Manage) -> None:
    job = due_job("sleep_for", "300")
    cron = manage.start("cron")
    lock_file = wait_until(lambda: Job.objects.get().lock_file)
    file = wait_until(lambda: Path(lock_file) if Path(lock_file).exists() else None)
    seen = {file.stat().st_mtime_ns}

    def has_changed_twice() -> bool:
        seen.add(file.stat().st_mtime_ns)
        return len(seen) > 2

    wait_until(has_changed_twice)
    counted = Job.objects.get().heartbeat_count
    wait_until(lambda: Job.objects.get().heartbeat_count > counted)
    assert not job.is_stale()
    cron.terminate()
    cron.wait(120)


# Row: Error counter and last error
def test_failures_in_a_row_are_counted_with_the_last_error_until_a_success() -> None:
    job = due_job("tell_history", frequency="MANUAL")

    told = [run_again(job) for _ in range(3)]

    assert [(each["failures"], each["last_error"]) for each in told] == [
        (0, None),
        (1, "RuntimeError: failure 1"),
        (2, "RuntimeError: failure 2"),
    ]
    assert job.logs.failures_in_a_row().count() == 3
    Job.objects.filter(pk=job.pk).update(command="succeed", force_run=True)
    run_due()
    assert not job.logs.failures_in_a_row().exists()


# Row: Database resource decorators
def test_what_a_command_does_in_a_transaction_is_done_whole_or_not_at_all() -> None:
    due_job("add_people", "ann bob", name="works")
    due_job("add_people", "cem dan --fail", name="fails")

    run_due()

    assert set(get_user_model().objects.values_list("username", flat=True)) == {"ann", "bob"}
    assert dict(Log.objects.values_list("job__name", "success")) == {"works": True, "fails": False}
