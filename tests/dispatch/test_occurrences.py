"""Every occurrence ends as a row: run, made up for by another run, or skipped for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.dispatch import Signal
from pytest_django import Settings

from chroniker import signals
from chroniker.constants import Status, Trigger
from chroniker.dispatch.claim import claim
from chroniker.models import Job, JobHost, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from chroniker.runs.outcome import Outcome
from chroniker.runs.record import record
from chroniker.runs.run import Run
from tests.running import due_job, run_due, run_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

MINUTE = timedelta(minutes=1)


def now() -> datetime:
    return database_now("default").replace(microsecond=0)


def minutely(since: datetime, **values: Any) -> Job:
    return due_job(frequency="MINUTELY", next_run=to_stored(since), **values)


def claimed(job: Job, moment: datetime) -> Run:
    run = claim(
        Job.objects.get(pk=job.pk), moment, trigger=Trigger.SCHEDULE, lock_file_of=lambda _: ""
    )
    assert run is not None
    return run


def ends(run: Run, status: Status, moment: datetime) -> None:
    assert record(run, Outcome(status=status, ended=moment, seconds=1.0), None)


def rows(job: Job) -> list[tuple[Any, ...]]:
    logs = Log.objects.filter(job=job).order_by("pk")
    return list(logs.values_list("status", "scheduled_for", "occurrences", "attempt"))


@contextmanager
def heard(signal: Signal) -> Iterator[list[dict[str, Any]]]:
    calls: list[dict[str, Any]] = []

    def receive(sender: object, **arguments: Any) -> None:
        assert sender is Job
        arguments["stored"] = Log.objects.get(pk=arguments["log"].pk).status
        calls.append(arguments)

    signal.connect(receive)
    try:
        yield calls
    finally:
        signal.disconnect(receive)


def test_a_run_says_how_many_occurrences_it_makes_up_for() -> None:
    first = now() - timedelta(minutes=3, seconds=30)
    job = minutely(first)

    run_due()

    job.refresh_from_db()
    assert rows(job) == [("succeeded", to_stored(first), 4, 1)]
    assert job.next_run == to_stored(first + 4 * MINUTE)


def test_a_job_for_all_hosts_says_so_for_each_of_them() -> None:
    first = now() - timedelta(minutes=3, seconds=30)
    job = minutely(first, hostname="*")

    run_due()

    assert run_of(job).occurrences == 4


def test_only_so_many_are_counted() -> None:
    job = minutely(now() - timedelta(days=3))

    run_due()

    assert run_of(job).occurrences == 1001


def test_what_comes_while_a_run_goes_on_is_skipped_and_has_a_row() -> None:
    first = now()
    job = minutely(first)
    run = claimed(job, first)

    with heard(signals.run_skipped) as told:
        ends(run, Status.SUCCEEDED, first + 3.5 * MINUTE)

    job.refresh_from_db()
    assert rows(job) == [
        ("succeeded", to_stored(first), 1, 1),
        ("skipped", to_stored(first + MINUTE), 3, 0),
    ]
    skipped = Log.objects.get(status=Status.SKIPPED)
    assert skipped.reason == f"run {run.log_id} had not ended"
    assert (skipped.success, skipped.on_time, skipped.duration) == (False, True, timedelta())
    assert job.next_run == to_stored(first + 4 * MINUTE)
    assert [(one["job"], one["log"], one["status"]) for one in told] == [(job, skipped, "skipped")]


def test_a_run_that_ends_in_time_leaves_no_such_row() -> None:
    first = now()
    job = minutely(first)

    ends(claimed(job, first), Status.FAILED, first + 0.5 * MINUTE)

    assert rows(job) == [("failed", to_stored(first), 1, 1)]


def test_a_retry_makes_up_for_what_came_while_the_lost_run_went_on() -> None:
    first = now() - timedelta(minutes=3)
    job = minutely(first)
    ends(claimed(job, first), Status.LOST, first + 1.5 * MINUTE)

    again = claimed(job, first + 2.5 * MINUTE)
    ends(again, Status.SUCCEEDED, first + 2.6 * MINUTE)

    assert rows(job) == [
        ("lost", to_stored(first), 1, 1),
        ("succeeded", to_stored(first), 3, 2),
    ]


def test_what_was_skipped_twice_by_hand_has_one_row_and_stops_nothing() -> None:
    first = now()
    job = minutely(first)
    ends(claimed(job, first), Status.SUCCEEDED, first + 2.5 * MINUTE)
    back = to_stored(first + 0.5 * MINUTE)
    Job.objects.update(next_run=back, next_occurrence=back, anchor=to_stored(first))

    ends(claimed(job, first + 0.6 * MINUTE), Status.SUCCEEDED, first + 1.5 * MINUTE)

    assert [row[0] for row in rows(job)] == ["succeeded", "skipped", "succeeded"]
    job.refresh_from_db()
    assert (job.is_running, job.next_run) == (False, to_stored(first + 2 * MINUTE))


def test_what_was_skipped_is_no_run_in_the_estimates() -> None:
    first = now()
    job = minutely(first)
    run = claimed(job, first)
    assert record(
        run, Outcome(status=Status.SUCCEEDED, ended=first + 3 * MINUTE, seconds=180.0), None
    )

    assert job.get_run_length_estimate() == 180
    assert list(Log.objects.carried_out()) == [Log.objects.get(pk=run.log_id)]


def test_an_occurrence_that_was_run_is_passed_over_and_none_that_was_not() -> None:
    first = now() - timedelta(minutes=3, seconds=30)
    job = minutely(first)
    ends(claimed(job, first), Status.SUCCEEDED, first + 0.5 * MINUTE)
    Job.objects.update(next_run=to_stored(first), next_occurrence=to_stored(first))

    run_due()  # finds that it was run
    run_due()

    assert rows(job) == [
        ("succeeded", to_stored(first), 1, 1),
        ("succeeded", to_stored(first + MINUTE), 3, 1),
    ]


def test_a_host_whose_row_is_moved_on_says_what_it_has_not_run(settings: Settings) -> None:
    settings.CHRONIKER_HOSTNAME = "late"
    first = now() - timedelta(minutes=5, seconds=30)
    job = minutely(first, hostname="*")
    row = JobHost.objects.create(
        job=job,
        hostname="late",
        next_run=job.next_run,
        next_occurrence=job.next_run,
        revision=job.revision,
    )
    # Other hosts have gone on, and somebody has changed the job, while this one was away.
    ahead = to_stored(first + 4 * MINUTE)
    Job.objects.update(next_run=ahead, next_occurrence=ahead, revision=job.revision + 1)

    run_due()

    assert rows(job) == [
        ("skipped", to_stored(first), 4, 0),
        ("succeeded", ahead, 2, 1),
    ]
    skipped = Log.objects.get(status=Status.SKIPPED)
    assert (skipped.slot, skipped.reason) == ("late", "the job was changed")
    row.refresh_from_db()
    assert row.next_run == to_stored(first + 6 * MINUTE)


def test_a_next_run_moved_past_us_while_a_retry_was_due_is_a_first_attempt() -> None:
    first = now() - timedelta(minutes=3)
    job = minutely(first)
    ends(claimed(job, first), Status.LOST, first + 0.5 * MINUTE)
    moved = to_stored(first + MINUTE)
    Job.objects.update(next_run=moved, next_occurrence=moved)

    run = claimed(job, first + MINUTE)

    assert (run.attempt, run.trigger) == (1, "schedule")
    ends(run, Status.LOST, first + 1.1 * MINUTE)
    again = claimed(job, first + 1.2 * MINUTE)
    assert (again.attempt, again.trigger) == (2, "retry")
    ends(again, Status.SUCCEEDED, first + 1.3 * MINUTE)


def test_a_forced_run_in_between_leaves_the_count_of_attempts_alone() -> None:
    first = now() - timedelta(minutes=3)
    job = minutely(first)
    for minutes in (0.3, 0.5):  # a forced run is a first attempt, and these are two
        ends(claimed(job, first), Status.LOST, first + minutes * MINUTE)
    seen = Job.objects.get()
    forced = claim(seen, now(), trigger=Trigger.FORCED, lock_file_of=lambda _: "")
    assert forced is not None
    ends(forced, Status.LOST, first + 0.6 * MINUTE)

    again = claimed(job, first + 0.7 * MINUTE)

    assert (again.attempt, again.occurrence) == (3, first)
    ends(again, Status.SUCCEEDED, first + 0.8 * MINUTE)


@pytest.mark.parametrize("options", [{}, {"sync": True}], ids=["process", "here"])
def test_a_start_is_announced_before_the_end(options: dict[str, bool]) -> None:
    job = due_job()
    with heard(signals.run_started) as started, heard(signals.run_finished) as finished:
        run_due(**options)

    log = run_of(job)
    assert [(one["log"], one["status"], one["stored"]) for one in started] == [
        (log, "running", "running")
    ]
    assert [(one["log"], one["status"]) for one in finished] == [(log, "succeeded")]


def test_a_receiver_that_fails_disturbs_no_run() -> None:
    job = due_job()

    def fail(**_: Any) -> None:
        raise RuntimeError

    signals.run_started.connect(fail)
    try:
        run_due()
    finally:
        signals.run_started.disconnect(fail)

    assert run_of(job).status == "succeeded"
