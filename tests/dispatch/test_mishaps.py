"""What goes wrong with one claim or launch stays with that job, and nothing stays claimed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection
from pytest_django import Settings

from chroniker import signals
from chroniker.dispatch import supervisor
from chroniker.dispatch.claim import claim
from chroniker.dispatch.look import outlook
from chroniker.exceptions import SpoolError
from chroniker.models import Job, JobDependency, Log, Notification
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from chroniker.runs.deadline import DatabaseSilent
from tests.running import due_job, run_due, run_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

ENDS_A_CONNECTION = {
    "postgresql": ("pg_backend_pid()", "SELECT pg_terminate_backend(%s)"),
    "mysql": ("CONNECTION_ID()", "KILL %s"),
}


@pytest.fixture
def unusable_spool(settings: Settings, tmp_path: Path) -> None:
    """A spool that can't be: its folder is a file."""
    file = tmp_path / "a file"
    file.touch()
    settings.CHRONIKER_SPOOL_DIR = str(file)


@pytest.mark.parametrize(
    ("error", "is_held"),
    [(DataError("the value is too long"), True), (OperationalError("server restarts"), False)],
)
def test_a_claim_that_fails_holds_up_none_of_those_made_with_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception, *, is_held: bool
) -> None:
    before, bad, after = (due_job(name=name) for name in ("a", "b", "c"))
    real = claim

    def claim_or_fail(job: Job, *args: Any, **options: Any) -> Any:
        if job.pk == bad.pk:
            raise error
        return real(job, *args, **options)

    with monkeypatch.context() as patches:
        patches.setattr("chroniker.dispatch.tick.claim", claim_or_fail)
        run_due()

    assert run_of(before).status == run_of(after).status == "succeeded"
    bad.refresh_from_db()
    assert (bad.is_running, bad.error) == (False, str(error) if is_held else None)
    assert (bad.held_until is not None) is is_held
    run_due()
    assert Log.objects.filter(job=bad).exists() is not is_held  # a hiccup is nobody's fault


@pytest.mark.usefixtures("unusable_spool")
def test_a_run_that_could_not_be_started_is_tried_again_by_the_next_tick_at_the_earliest() -> None:
    job = due_job(max_retries=-1, retry_delay_seconds=0)

    run_due()
    assert Log.objects.filter(job=job).count() == 1
    run_due()
    assert Log.objects.filter(job=job).count() == 2


@pytest.mark.usefixtures("unusable_spool")
def test_a_run_that_could_not_be_started_counts_and_is_told(
    settings: Settings,
) -> None:
    settings.CHRONIKER_JOB_ERROR_CALLBACK = "anything"
    job = due_job()

    ended = run_due()

    log = run_of(job)
    assert log.status == "failed"
    assert [one.outcome.status for one in ended] == ["failed"]
    assert list(Notification.objects.values_list("event", "log")) == [("run_failed", log.pk)]


@pytest.mark.usefixtures("unusable_spool")
def test_a_run_by_code_that_cannot_start_gives_its_claim_back() -> None:
    job = due_job()

    with pytest.raises(SpoolError):
        job.run(force_run=True)

    assert Job.objects.get().is_running is False
    assert run_of(job).status == "failed"


def test_a_run_by_code_whose_log_format_is_faulty_gives_its_claim_back(settings: Settings) -> None:
    settings.CHRONIKER_LOG_FORMAT = "%(nope"
    job = due_job()

    with pytest.raises(ValueError, match="format"):
        job.run(force_run=True)

    assert Job.objects.get().is_running is False
    assert run_of(job).status == "failed"


def test_a_spool_too_deep_for_the_jobs_row_is_named_and_nothing_is_claimed(
    settings: Settings, tmp_path: Path
) -> None:
    settings.CHRONIKER_SPOOL_DIR = str(tmp_path / ("d" * 120) / ("e" * 120))
    job = due_job()

    run_due()

    job.refresh_from_db()
    assert job.is_running is False
    assert "too long a path" in (job.error or "")


def test_jobs_that_wait_for_each_other_are_marked_with_the_circle_they_make() -> None:
    jobs = [due_job(name=name) for name in ("a", "b", "c")]
    JobDependency.objects.bulk_create(  # as rows of 1.x or of a fixture come
        JobDependency(dependent=job, dependee=other, wait_for_completion=False)
        for job, other in zip(jobs, jobs[1:] + jobs[:1], strict=True)
    )
    JobDependency.objects.update(wait_for_success=False, wait_for_next_run=False)
    free = due_job(name="free")

    run_due()

    assert run_of(free).status == "succeeded"
    for job in jobs:
        job.refresh_from_db()
        assert (job.error or "").startswith("waits for itself: ")
        assert all(name in (job.error or "") for name in "abc")


def test_jobs_run_in_this_process_are_claimed_each_at_its_turn() -> None:
    first, second = due_job(name="a"), due_job(name="b")
    claimed: list[bool] = []

    def look(**_: object) -> None:
        claimed.append(Job.objects.get(pk=second.pk).is_running)

    signals.run_finished.connect(look)
    try:
        run_due(sync=True)
    finally:
        signals.run_finished.disconnect(look)

    assert claimed[0] is False  # when the first had ended
    assert run_of(first).status == run_of(second).status == "succeeded"


def test_a_new_schedule_starts_with_the_first_attempt() -> None:
    job = due_job()
    Job.objects.update(attempt=3)  # lost three times
    job = Job.objects.get()
    job.next_run = to_stored(database_now("default") - timedelta(seconds=5))
    job.save()

    run_due()

    log = run_of(job)
    assert (log.attempt, log.trigger) == (1, "schedule")


def test_an_occurrence_that_is_passed_over_takes_its_attempts_with_it() -> None:
    job = due_job()
    when = job.next_run
    assert when is not None
    Job.objects.update(attempt=1)
    Log.objects.create(
        job=job,
        run_start_datetime=when,
        run_end_datetime=when,
        scheduled_for=when,
        attempt=2,
        status="lost",
        success=False,
    )

    run_due()

    job.refresh_from_db()
    assert job.attempt == 0
    assert job.next_run is not None
    assert to_stored(database_now("default")) < job.next_run


def test_a_job_held_for_its_fault_keeps_no_server_busy() -> None:
    due_job()
    now = database_now("default")
    Job.objects.update(held_until=to_stored(now + timedelta(minutes=10)))

    assert outlook("default", now).due == 0


def test_a_scheduler_asks_again_when_its_connection_has_gone_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = due_job()
    answers = iter([OperationalError("server closed the connection unexpectedly")])
    real = database_now

    def ask(database: str) -> Any:
        for error in answers:
            raise error
        return real(database)

    monkeypatch.setattr("chroniker.dispatch.supervisor.database_now", ask)

    run_due()

    assert run_of(job).status == "succeeded"


def test_a_scheduler_finds_its_connection_closed_by_the_server_and_makes_another() -> None:
    if connection.vendor not in ENDS_A_CONNECTION:
        pytest.skip("SQLite has no server that could close it")
    job = due_job()
    name, end = ENDS_A_CONNECTION[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}")
        (ours,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute(end, [ours])
    other.close()

    run_due()

    assert run_of(job).status == "succeeded"


def test_a_database_that_does_not_answer_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "DATABASE_SECONDS", 0.05)

    def never(_: str) -> None:
        while True:
            pass

    monkeypatch.setattr("chroniker.dispatch.supervisor.database_now", never)

    with pytest.raises(DatabaseSilent, match="no answer within"):
        run_due()
