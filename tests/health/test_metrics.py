"""``metrics/``: what Prometheus reads, and that its counters never go down."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from chroniker.constants import Status
from chroniker.models import Job, Log, Pause, Tally
from chroniker.models.tally import count
from tests.health.conditions import ago, failing_job, late_job, running_job, ticked
from tests.ticking import Ticking, new_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("jobs are made to look as if they ran"),
]

TOKEN = "a-token-that-nobody-guesses"

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.CHRONIKER_HEALTH_TOKEN = TOKEN


def numbers() -> Numbers:
    """Each sample by its name and labels."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    response = Client().get("/machines/metrics/", headers=headers)
    assert response.status_code == 200
    found: Numbers = {}
    for family in text_string_to_metric_families(response.text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def one(found: Numbers, name: str, **labels: str) -> float:
    """The number of this name, with these labels and no others but the job's name."""
    wanted = set(labels.items())
    values = [
        value
        for (key, have), value in found.items()
        if key == name and {label for label in have if label[0] != "job_name"} == wanted
    ]
    assert len(values) == 1, (name, labels, values)
    return values[0]


def test_runs_are_counted_by_job_and_status_with_their_lengths() -> None:
    job = new_job()
    host = Ticking()
    for minute, status in enumerate((Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED)):
        host.tick(minute)
        host.end("job", minute + 0.1, status)

    found, of_job = numbers(), {"job_id": str(job.pk)}

    assert one(found, "chroniker_runs_total", **of_job, status="succeeded") == 2
    assert one(found, "chroniker_runs_total", **of_job, status="failed") == 1
    assert one(found, "chroniker_run_duration_seconds_count", **of_job) == 3
    assert one(found, "chroniker_run_duration_seconds_sum", **of_job) == pytest.approx(18)
    buckets = {
        le: one(found, "chroniker_run_duration_seconds_bucket", **of_job, le=le)
        for le in ("1.0", "10.0", "60.0", "+Inf")
    }
    assert buckets == {"1.0": 0, "10.0": 3, "60.0": 3, "+Inf": 3}
    assert one(found, "chroniker_run_lateness_seconds_count", **of_job) == 3


def test_skipped_occurrences_are_counted_but_are_no_runs() -> None:
    job = new_job(late_after_seconds=0)
    host = Ticking()
    host.tick(0)
    host.end("job", 5.5)
    found = numbers()
    assert one(found, "chroniker_runs_total", job_id=str(job.pk), status="skipped") == 5
    assert one(found, "chroniker_run_duration_seconds_count", job_id=str(job.pk)) == 1


def test_counters_do_not_go_down_when_logs_are_trimmed() -> None:
    new_job(maximum_log_entries=2)
    host = Ticking()
    for minute in range(5):
        host.run(minute)
    before = numbers()
    assert Log.objects.count() == 2
    Log.cleanup()
    after = numbers()
    assert {key: value for key, value in after.items() if key[0].startswith("chroniker_run")} == {
        key: value for key, value in before.items() if key[0].startswith("chroniker_run")
    }
    assert Tally.objects.get().runs == 5


def test_a_run_that_takes_longer_than_all_bounds_is_in_none_but_the_last() -> None:
    job = new_job()
    count("default", job.pk, Status.SUCCEEDED, seconds=100_000)
    found, of_job = numbers(), {"job_id": str(job.pk)}
    assert one(found, "chroniker_run_duration_seconds_bucket", **of_job, le="21600.0") == 0
    assert one(found, "chroniker_run_duration_seconds_bucket", **of_job, le="+Inf") == 1


def test_how_things_are_now() -> None:
    ticked(minutes=2)
    ticked("web2", 30)
    ticked("gone", 30, is_retired=True)
    late_job()
    failing_job()
    running_job("stuck", 30)
    Pause.objects.create(starts_at=ago(1), pattern="nothing at all")
    Job.objects.filter(name="late").update(last_success=ago(60))

    found = numbers()

    for name, value in {
        "jobs_running": 1, "jobs_due": 1, "jobs_late": 1, "jobs_failing": 1, "jobs_stuck": 1,
        "jobs_faulty": 0, "pauses": 1, "notifications_pending": 0, "notifications_given_up": 0,
    }.items():  # fmt: skip
        assert one(found, f"chroniker_{name}") == value, name
    assert 120 <= one(found, "chroniker_host_tick_age_seconds", host="web1") < 600
    assert one(found, "chroniker_host_silent", host="web2") == 1
    assert not any(("host", "gone") in labels for _name, labels in found)
    assert any(name == "chroniker_job_last_success_timestamp_seconds" for name, _labels in found)


def test_the_number_of_series_is_bounded_and_nothing_is_lost(settings: Settings) -> None:
    settings.CHRONIKER_METRICS_JOBS = 2
    jobs = [new_job(f"job {number}", late_after_seconds=0) for number in range(5)]
    for job in jobs:
        for _ in range(3):
            count("default", job.pk, Status.SUCCEEDED, seconds=1)
    found = numbers()
    ids = {dict(labels).get("job_id") for _name, labels in found} - {None}
    assert ids == {str(jobs[0].pk), str(jobs[1].pk), "other"}
    assert one(found, "chroniker_runs_total", job_id="other", status="succeeded") == 9
    assert one(found, "chroniker_run_duration_seconds_count", job_id="other") == 9


def test_hostile_names_do_not_break_the_format() -> None:
    name = 'a "quote" \\ back\nnew line # HELP {x="1"} ü'
    job = new_job("job")
    Job.objects.filter(pk=job.pk).update(name=name)
    count("default", job.pk, Status.SUCCEEDED, seconds=1)
    names = {dict(labels).get("job_name") for _name, labels in numbers()} - {None}
    assert names == {name}


def test_it_asks_a_dozen_questions(django_assert_max_num_queries: Any) -> None:
    ticked()
    for number in range(5):
        late_job(f"late {number}")
        failing_job(f"failing {number}")
    with django_assert_max_num_queries(12):
        numbers()
