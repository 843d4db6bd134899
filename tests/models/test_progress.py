"""How far a run is, and when it will be done: values that never fail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("logs are made by hand, as code for 1.x makes them"),
]


def a_job(**values: Any) -> Job:
    return Job(name="job", command="succeed", frequency="DAILY", **values)


def now(**delta: float) -> datetime:
    return to_stored(database_now("default") + timedelta(**delta))


@pytest.mark.parametrize(
    ("complete", "total", "ratio", "percent", "text"),
    [
        (0, 0, None, None, ""),
        (5, 0, None, None, ""),
        (0, 10, 0.0, 0.0, "0%"),
        (1, 3, 1 / 3, 100 / 3, "33%"),
        (10, 10, 1.0, 100.0, "100%"),
        (15, 10, 1.5, 100.0, "100%"),
    ],
)
def test_progress_is_told_in_three_ways(
    complete: int, total: int, ratio: float | None, percent: float | None, text: str
) -> None:
    job = a_job(total_parts_complete=complete, total_parts=total)

    assert job.progress_ratio == (ratio and pytest.approx(ratio))
    assert job.progress_percent == (percent and pytest.approx(percent))
    assert job.progress_percent_str() == text


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"is_running": True},
        {"is_running": True, "total_parts": 10, "total_parts_complete": 5},
        {"total_parts": 10, "total_parts_complete": 5, "last_run_start_timestamp": "start"},
        {"is_running": True, "total_parts": 10, "last_run_start_timestamp": "start"},
        {"is_running": True, "total_parts_complete": 9, "last_run_start_timestamp": "start"},
    ],
    ids=repr,
)
def test_there_is_no_estimate_without_a_run_a_start_and_progress(values: dict[str, Any]) -> None:
    if values.get("last_run_start_timestamp"):
        values = values | {"last_run_start_timestamp": now(seconds=-60)}
    job = a_job(**values)

    assert job.estimated_seconds_to_completion is None
    assert job.estimated_completion_datetime is None
    assert job.estimated_completion_datetime_str() == ""


def test_the_rest_is_expected_to_go_as_what_is_done() -> None:
    job = a_job(
        is_running=True,
        last_run_start_timestamp=now(seconds=-60),
        total_parts=4,
        total_parts_complete=1,
    )

    assert job.estimated_seconds_to_completion == pytest.approx(180, abs=5)
    completion = job.estimated_completion_datetime
    assert completion is not None
    assert (
        completion - timezone.now() == timedelta(seconds=180)
        or abs((completion - timezone.now()).total_seconds() - 180) < 5
    )
    in_words = job.estimated_completion_datetime_str()
    assert isinstance(in_words, datetime)
    assert in_words.microsecond == 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"enabled": False}, "never (disabled)"),
        ({"is_running": True}, "running"),
        ({"next_run": None}, "never (no next run)"),
        ({"next_run": -5}, "due"),
        ({"next_run": 1.5}, "1 second"),
        ({"next_run": 30.5}, "30 seconds"),
        ({"next_run": 2 * 3600 + 30}, "2\xa0hours"),
    ],
)
def test_the_time_until_the_next_run_is_told_in_words(values: dict[str, Any], words: str) -> None:
    if values.get("next_run"):
        values = values | {"next_run": now(seconds=values["next_run"])}
    job = a_job(**values)

    assert job.get_timeuntil() == job.timeuntil == words
    assert str(job) == f"None - job - {words if job.enabled else 'disabled'}"


def logs_of(job: Job, *durations: int | None) -> None:
    for age, seconds in enumerate(durations):
        start = now(days=-age)
        end = None if seconds is None else start + timedelta(seconds=seconds)
        Log.objects.create(job=job, run_start_datetime=start, run_end_datetime=end)


@pytest.mark.parametrize(
    ("durations", "estimate"),
    [
        ((), None),
        ((None,), None),
        ((10,), 10),
        ((10, 20), 15),
        ((1, 10, 1000), 10),
        ((1, 10, 20, 1000), 15),
        ((0, 0, 0), 0),
    ],
)
def test_a_run_is_expected_to_take_the_mean_without_the_extremes(
    durations: tuple[int | None, ...], estimate: int | None
) -> None:
    job = due_job()
    logs_of(job, *durations)

    assert job.get_run_length_estimate() == estimate


def test_only_the_newest_runs_are_looked_at() -> None:
    job = due_job()
    logs_of(job, 10, 12, 5000, 5000)

    assert job.get_run_length_estimate(samples=2) == 11
