"""Rows about runs: their words, and how long they are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chroniker.models import Log
from chroniker.models.retention import delete_in_batches, keep_newest
from chroniker.moments import to_stored
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("logs are made by hand, as code for 1.x makes them"),
]

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def log(**values: Any) -> Log:
    """A log as code for 1.x makes it."""
    job = values.pop("job", None) or due_job()
    made: Log = Log.objects.create(job=job, run_start_datetime=to_stored(START), **values)
    return made


def logs(count: int, **values: Any) -> list[Log]:
    job = due_job()
    return [
        Log.objects.create(
            job=job, run_start_datetime=to_stored(START + timedelta(days=day)), **values
        )
        for day in range(count)
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00:00:00"),
        (59.9, "00:00:00:59"),
        (3661, "00:01:01:01"),
        (40 * 86400 + 5, "40:00:00:05"),
        (-5, "00:00:00:00"),
    ],
)
def test_the_duration_follows_from_start_and_end(seconds: float, text: str) -> None:
    made = log(run_end_datetime=to_stored(START + timedelta(seconds=seconds)))

    assert made.duration_str() == text
    assert Log.objects.get().duration_seconds == max(0, int(seconds))


def test_a_log_without_an_end_has_no_duration() -> None:
    made = log()

    assert (made.duration_str(), made.duration, made.duration_seconds) == ("", None, None)


def test_a_saved_end_brings_its_duration_along() -> None:
    made = log()
    made.run_end_datetime = to_stored(START + timedelta(seconds=7))
    made.save(update_fields=["run_end_datetime"])

    assert Log.objects.get().duration_seconds == 7


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"success": True}, "succeeded"),
        ({"success": False}, "failed"),
        ({"success": False, "on_time": False}, "timed_out"),
        ({"success": False, "status": "lost"}, "lost"),
    ],
)
def test_a_row_of_1_x_has_a_state_too(values: dict[str, Any], state: str) -> None:
    assert log(**values).state == state


def test_samples_are_short_and_say_when_there_is_nothing() -> None:
    made = log(stdout="x" * 50)

    assert made.stdout_sample() == "x" * 40 + "…"
    assert made.stderr_sample() == "(No errors)"
    made.stdout = ""
    assert made.stdout_sample() == "(No output)"


def test_a_log_is_named_after_its_job_and_start() -> None:
    made = log(job=due_job(name="nightly"))

    assert str(made).startswith("nightly - 2026-01-0")


def test_logs_are_listed_newest_first() -> None:
    made = logs(3)

    assert list(made[0].job.logs.all()) == made[::-1]


# How long they are kept


def test_cleanup_deletes_what_started_at_that_time_or_before() -> None:
    made = logs(4)

    deleted = Log.cleanup(to_stored(START + timedelta(days=1)))

    assert deleted == 2
    assert set(Log.objects.all()) == set(made[2:])


def test_cleanup_without_a_time_deletes_all_that_have_ended() -> None:
    logs(3)
    running = log(status="running", active_for="x")

    assert Log.cleanup() == 3
    assert list(Log.objects.all()) == [running]


def test_many_are_deleted_in_batches() -> None:
    logs(7)

    assert delete_in_batches(Log.objects.all(), batch=3) == 7
    assert not Log.objects.exists()


@pytest.mark.parametrize(("maximum", "kept"), [(0, 5), (1, 1), (3, 3), (5, 5), (9, 5)])
def test_exactly_so_many_of_the_newest_are_kept(maximum: int, kept: int) -> None:
    made, other = logs(5), log()

    keep_newest(made[0].job_id, maximum, "default")

    assert list(made[0].job.logs.all()) == made[::-1][:kept]
    assert list(other.job.logs.all()) == [other]


def test_runs_that_were_carried_out_have_ended_and_were_not_skipped() -> None:
    job = due_job()
    for status in ("running", "skipped", "lost", "succeeded"):
        log(job=job, status=status)

    carried_out = Log.objects.carried_out().order_by("pk")
    assert [one.status for one in carried_out] == ["lost", "succeeded"]


def test_a_run_is_late_if_it_was_claimed_later_than_allowed() -> None:
    job = due_job()
    for milliseconds in (None, 0, 60_000, 60_001):
        log(job=job, lateness_ms=milliseconds)

    late = Log.objects.late(timedelta(minutes=1))
    assert [one.lateness_ms for one in late] == [60_001]
