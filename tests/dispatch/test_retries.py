"""A failed run is tried again, and what comes meanwhile goes before that."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from chroniker.constants import Status
from chroniker.models import Job, Log
from chroniker.moments import to_instant, to_stored
from tests.ticking import HOUR, Ticking, at, new_job, next_run, rows

pytestmark = pytest.mark.django_db(transaction=True)

BAD_ENDS = (Status.FAILED, Status.TIMED_OUT)


@pytest.fixture
def host() -> Ticking:
    return Ticking()


@pytest.mark.parametrize("status", BAD_ENDS)
def test_a_retry_is_an_attempt_of_its_own_at_the_same_occurrence(
    host: Ticking, status: Status
) -> None:
    job = new_job(frequency="HOURLY", max_retries=2, retry_delay_seconds=120)

    assert host.run(0, status) == ["job"]
    assert next_run(job) == 0  # the schedule has not moved
    assert host.run(1.9) == []
    assert host.run(2, status) == ["job"]
    assert host.run(4) == ["job"]

    assert rows(job) == [(status, 0, 1, 1), (status, 0, 2, 1), ("succeeded", 0, 3, 1)]
    assert next_run(job) == 60
    assert list(job.logs.order_by("pk").values_list("trigger", flat=True)) == [
        *("schedule", "retry", "retry")
    ]


def test_after_the_last_retry_the_schedule_goes_on(host: Ticking) -> None:
    job = new_job(frequency="HOURLY", max_retries=1, retry_delay_seconds=60)

    host.run(0, Status.FAILED)
    host.run(1, Status.FAILED)

    assert next_run(job) == 60
    assert Job.objects.get().retry_at is None
    assert host.run(2) == []


def test_without_retries_a_failed_run_is_not_tried_again(host: Ticking) -> None:
    job = new_job(frequency="HOURLY")

    host.run(0, Status.FAILED)

    assert next_run(job) == 60
    assert host.run(59) == []


# Row: Self-healing retry
def test_minus_one_retries_again_and_again_until_it_works(host: Ticking) -> None:
    job = new_job(frequency="DAILY", max_retries=-1, retry_delay_seconds=300)

    for attempt in range(8):
        assert host.run(5 * attempt, Status.FAILED) == ["job"]
    host.run(40)

    assert [row[:3] for row in rows(job)] == [
        *(("failed", 0, attempt) for attempt in range(1, 9)),
        ("succeeded", 0, 9),
    ]
    assert next_run(job) == 24 * 60


def test_the_delay_grows_with_each_retry(host: Ticking) -> None:
    new_job(frequency="DAILY", max_retries=-1, retry_delay_seconds=60, retry_backoff=3)

    host.run(0, Status.FAILED)
    waits = []
    for _ in range(3):
        retry_at = Job.objects.get().retry_at
        waits.append((to_instant(retry_at) - at(0)).total_seconds() / 60)
        host.run(waits[-1], Status.FAILED)

    assert waits == [1, 1 + 3, 1 + 3 + 9]


def test_a_delay_that_grows_beyond_all_bounds_stays_within_the_calendar() -> None:
    job = Job(max_retries=-1, retry_delay_seconds=10_000_000, retry_backoff=100)

    assert job.retry_delay(10_000) == 10_000_000
    assert Job(retry_delay_seconds=0, retry_backoff=2).retry_delay(5) == 0


def test_the_next_occurrence_supersedes_the_retries_of_the_last_one(host: Ticking) -> None:
    job = new_job(frequency="HOURLY", max_retries=-1, retry_delay_seconds=45 * 60)

    host.run(0, Status.FAILED)
    host.run(45, Status.FAILED)
    assert host.run(59) == []
    assert host.run(60) == ["job"]  # not at 90, when the next retry would be

    assert rows(job) == [("failed", 0, 1, 1), ("failed", 0, 2, 1), ("succeeded", 60, 1, 1)]
    assert next_run(job) == 120


def test_what_was_missed_while_a_retry_waited_is_made_up_for_by_one_run(host: Ticking) -> None:
    job = new_job(frequency="HOURLY", max_retries=1, retry_delay_seconds=60)

    host.run(0, Status.FAILED)
    host.run(3.5 * 60)  # nobody ticked for hours

    assert rows(job) == [("failed", 0, 1, 1), ("succeeded", 60, 1, 3)]
    assert next_run(job) == 240


def test_a_retry_of_a_run_for_all_that_was_missed_is_for_all_of_them_again(
    host: Ticking,
) -> None:
    job = new_job(frequency="HOURLY", max_retries=1, retry_delay_seconds=60)

    host.run(150, Status.FAILED)  # for three of them
    host.run(151)

    assert rows(job) == [("failed", 0, 1, 3), ("succeeded", 0, 2, 3)]
    assert next_run(job) == 180


def test_a_run_by_hand_in_between_does_not_change_what_a_retry_is_for(host: Ticking) -> None:
    job = new_job(frequency="HOURLY", max_retries=1, retry_delay_seconds=120)

    host.run(150, Status.FAILED)
    Job.objects.update(force_run=True)
    host.run(151)
    host.run(152)

    assert rows(job) == [("failed", 0, 1, 3), ("succeeded", None, 1, 1), ("succeeded", 0, 2, 3)]


@pytest.mark.parametrize("everywhere", [False, True])
def test_what_others_stood_for_does_not_change_what_a_retry_is_for(
    host: Ticking, *, everywhere: bool
) -> None:
    # Another job, or the same one on another host: its run was for four of them.
    values: dict[str, Any] = {"frequency": "HOURLY", "max_retries": 1, "retry_delay_seconds": 1800}
    job = new_job(**values, hostname="*" if everywhere else "")
    other = job if everywhere else new_job("other", **values)

    host.tick(150, jobs=[job.pk])
    host.end("job", 150, Status.FAILED)
    with override_settings(CHRONIKER_HOSTNAME="elsewhere" if everywhere else None):
        elsewhere = Ticking()
        assert elsewhere.tick(200, jobs=[other.pk]) == [other.name]
        elsewhere.end(other.name, 200)
    assert host.tick(205, jobs=[job.pk]) == ["job"]
    host.end("job", 205)

    newest = Log.objects.filter(job=job).latest("pk")
    assert rows(job)[-1] == ("succeeded", 180, 1, 1)
    assert newest.trigger == "schedule"


def test_an_occurrence_that_supersedes_a_retry_may_be_too_late_itself(host: Ticking) -> None:
    policy: dict[str, Any] = {"misfire_policy": "skip", "misfire_grace_seconds": 300}
    job = new_job(frequency="HOURLY", max_retries=1, retry_delay_seconds=60, **policy)

    host.run(0, Status.FAILED)
    assert host.run(3.5 * 60) == []  # nobody ticked for hours

    assert rows(job) == [("failed", 0, 1, 1), ("skipped", 60, 0, 3)]
    assert next_run(job) == 240


def test_a_run_that_was_stopped_is_not_tried_again(host: Ticking) -> None:
    job = new_job(frequency="HOURLY", max_retries=-1, retry_delay_seconds=60)

    host.run(0, Status.STOPPED)

    assert next_run(job) == 60


def test_a_job_that_runs_once_is_over_only_after_its_last_retry(host: Ticking) -> None:
    new_job(frequency="ONCE", max_retries=1, retry_delay_seconds=60)

    host.run(0, Status.FAILED)
    assert Job.objects.get().enabled
    host.run(1, Status.FAILED)

    job = Job.objects.get()
    assert (job.enabled, job.next_run) == (False, None)


def test_a_forced_run_that_fails_is_not_tried_again(host: Ticking) -> None:
    job = new_job(frequency="HOURLY", due=30, max_retries=-1, retry_delay_seconds=60)
    Job.objects.update(force_run=True)

    host.run(0, Status.FAILED)

    assert next_run(job) == 30
    assert Job.objects.get().retry_at is None


def test_a_new_schedule_forgets_pending_retries(host: Ticking) -> None:
    job = new_job(frequency="HOURLY", max_retries=-1, retry_delay_seconds=60)
    host.run(0, Status.FAILED)

    job.refresh_from_db()
    job.next_run = to_stored(at(0) + 2 * HOUR)
    job.save()

    job.refresh_from_db()
    assert (job.retry_at, job.attempt) == (None, 0)
