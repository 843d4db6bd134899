"""cron_reset: a job that was never run, with the logs of what it was."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from chroniker.constants import Trigger
from chroniker.dispatch.claim import claim
from chroniker.models import Job, JobDependency, JobHost
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored
from tests.running import due_job, run_due

pytestmark = pytest.mark.django_db


def reset(*words: object) -> str:
    out = io.StringIO()
    call_command("cron_reset", *words, stdout=out)
    return out.getvalue()


# Row: Forget state
@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_job_is_as_one_that_was_never_run_and_its_logs_stay() -> None:
    job = due_job("fail")
    waits = due_job(name="waits")
    run_due()
    far = to_stored(datetime(2100, 1, 1, tzinfo=UTC))
    Job.objects.filter(pk=job.pk).update(
        next_run=far, attempt=2, retry_at=far, last_success=far, error="x", held_until=far
    )

    assert reset(job.pk) == "fail: reset.\n"

    job.refresh_from_db()
    assert (job.last_run, job.last_run_successful, job.last_ended) == (None, None, None)
    assert (job.attempt, job.retry_at, job.last_success, job.error) == (0, None, None, None)
    now = database_now("default")
    next_run = to_instant(job.next_run)
    assert next_run is not None
    assert 0 <= (next_run - now).total_seconds() <= 24 * 3600
    assert job.logs.count() == 1
    waits_for = JobDependency(dependent=waits, dependee=job)
    assert waits_for.unmet_criterion() == "fail has not succeeded"


def test_to_reset_it_again_is_said_and_no_error() -> None:
    due_job(name="a")
    assert reset("a") == "a: there was nothing to forget.\n"


def test_a_job_for_once_keeps_its_time_and_one_for_the_hand_has_none() -> None:
    far = to_stored(datetime(2100, 1, 1, tzinfo=UTC))
    once = due_job(name="once", frequency="ONCE", next_run=far)
    manual = due_job(name="manual", frequency="MANUAL")
    reset("once", "manual")
    for job, expected in ((once, far), (manual, None)):
        job.refresh_from_db()
        assert job.next_run == expected


def test_a_running_job_is_left_alone_and_the_others_are_reset() -> None:
    busy, idle = due_job(name="busy"), due_job(name="idle")
    Job.objects.filter(pk=idle.pk).update(last_run_successful=False)
    now = database_now("default")
    assert claim(busy, now, trigger=Trigger.DIRECT, lock_file_of=lambda _token: "")
    before = Job.objects.filter(pk=busy.pk).values().get()

    with pytest.raises(CommandError, match="stop them first: busy") as refused:
        reset("busy", "idle")

    assert refused.value.returncode == 1
    assert Job.objects.filter(pk=busy.pk).values().get() == before
    idle.refresh_from_db()
    assert idle.last_run_successful is None


def test_a_job_for_all_hosts_is_forgotten_on_each_of_them_unless_it_runs_on_one() -> None:
    job = due_job(name="everywhere", hostname="*")
    row = JobHost.objects.create(job=job, hostname="web1", last_run_successful=True)
    JobHost.objects.filter(pk=row.pk).update(is_running=True)
    with pytest.raises(CommandError, match="everywhere"):
        reset(job.pk)
    JobHost.objects.filter(pk=row.pk).update(is_running=False)
    revision = Job.objects.get().revision
    reset(job.pk)
    row.refresh_from_db()
    assert row.last_run_successful is None
    assert Job.objects.get().revision > revision


def test_an_unknown_job_is_refused_and_nothing_is_reset() -> None:
    job = due_job(name="a")
    Job.objects.update(last_run_successful=True)
    with pytest.raises(CommandError, match="there is no job 'b'") as refused:
        reset("a", "b")
    assert refused.value.returncode == 2
    job.refresh_from_db()
    assert job.last_run_successful is True
