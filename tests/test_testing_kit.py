"""The testing kit: a frozen scheduler, assertions about days, and a fixture for pytest."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from chroniker.constants import Status
from chroniker.models import Job, JobDependency, Log, Pause
from chroniker.moments import to_stored
from chroniker.testing import (
    assert_does_not_run,
    assert_only_runs,
    assert_runs,
    freeze,
    moment,
)

pytestmark = pytest.mark.django_db

BERLIN = "Europe/Berlin"


def cron_job(name: str, expression: str, **values: Any) -> Job:
    values = {"command": "succeed", "frequency": "CRON", "timezone": BERLIN, **values}
    job = Job(name=name, cron_expression=expression, **values)
    job.save()
    job.refresh_from_db()
    return job


def everything() -> list[Any]:
    tables = (Job, JobDependency, Log, Pause)
    return [list(table._default_manager.order_by("pk").values()) for table in tables]


def wait(dependent: Job, dependee: Job, **criteria: bool) -> None:
    wanted = {"wait_for_completion": False, "wait_for_success": False, "wait_for_next_run": False}
    JobDependency(dependent=dependent, dependee=dependee, **{**wanted, **criteria}).save()


def test_the_jobs_of_a_minute_are_named_and_nothing_is_written() -> None:
    cron_job("backup", "0 2 * * *")
    cron_job("mail", "0 2 * * 1-5")
    cron_job("later", "1 2 * * *")
    before = everything()

    with freeze("2100-01-01 02:00", tz=BERLIN) as friday:
        assert friday.would_run() == ["backup", "mail"]
    with freeze("2100-01-02 02:00", tz=BERLIN) as saturday:
        assert saturday.would_run() == ["backup"]
        assert saturday.would_run(until="2100-01-02 02:02") == ["backup", "later"]
    with freeze("2100-01-01 02:00", tz="UTC") as elsewhere:
        assert elsewhere.would_run() == []

    assert everything() == before


def test_a_job_that_would_not_run_has_its_reasons() -> None:
    job = cron_job("backup", "0 2 * * *")
    off = cron_job("off", "0 2 * * *", enabled=False)
    with freeze("2100-01-01 02:00", tz=BERLIN) as scheduler:
        assert scheduler.why_not("backup") == []
        assert scheduler.why_not(off)[0] == "it is disabled"
    with freeze("2100-01-01 03:00", tz=BERLIN) as scheduler:
        assert scheduler.why_not(job.pk) == ["its next run has not come"]
        with pytest.raises(ValueError, match="0 jobs 'bakcup'"):
            scheduler.why_not("bakcup")


def test_dependents_come_after_those_they_wait_for_and_keys_one_after_the_other() -> None:
    first = cron_job("z first", "0 2 * * *")
    second = cron_job("a second", "0 2 * * *")
    wait(second, first, wait_for_completion=True, wait_for_next_run=True)
    third = Job(name="third", command="succeed", frequency="CHAINED")
    third.save()
    wait(third, second, wait_for_success=True)
    Log.objects.create(
        job=first,
        status=Status.SUCCEEDED,
        run_start_datetime=to_stored(datetime(2020, 1, 1, 2, tzinfo=UTC)),
        run_end_datetime=to_stored(datetime(2020, 1, 1, 2, 10, tzinfo=UTC)),
    )
    with freeze("2100-01-01 02:00", tz=BERLIN) as scheduler:
        runs = scheduler.runs_between("2100-01-01 02:00", "2100-01-01 03:00")
        begin = moment("2100-01-01 02:00", BERLIN)
        minute = timedelta(minutes=1)
        assert [(run.job_name, (run.starts - begin) // minute) for run in runs] == [
            ("z first", 0),
            ("a second", 10),
            ("third", 10),
        ]
        assert "z first" in scheduler.why_not("a second")[0]


def test_capacity_and_keys_hold_back_what_would_begin_at_once(settings: Any) -> None:
    settings.CHRONIKER_CAPACITY = 2
    cron_job("a", "0 2 * * *", concurrency_key="db")
    cron_job("b", "0 2 * * *", concurrency_key="db")
    cron_job("c", "0 2 * * *", weight=2)
    with freeze("2100-01-01 02:00", tz=BERLIN) as scheduler:
        runs = scheduler.runs_between("2100-01-01 02:00", "2100-01-01 02:01")
        spans = sorted((run.starts, run.ends) for run in runs)
        assert {run.job_name for run in runs} == {"a", "b", "c"}
        assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_a_pause_that_holds_then_is_known_then() -> None:
    job = cron_job("backup", "0 2 * * *")
    Pause.objects.create(
        job=job,
        starts_at=to_stored(moment("2100-01-01", BERLIN)),
        ends_at=to_stored(moment("2100-01-01 12:00", BERLIN)),
        reason="holiday",
    )
    with freeze("2100-01-01 02:00", tz=BERLIN) as scheduler:
        assert scheduler.would_run() == []
        assert "holiday" in scheduler.why_not("backup")[0]
        # It is made up for when the pause is over.
        assert scheduler.would_run(until="2100-01-01 12:01") == ["backup"]


def test_a_day_is_asserted_in_the_zone_that_is_meant() -> None:
    cron_job("backup", "30 0 * * *")
    cron_job("mail", "30 12 * * 1-5")
    assert_only_runs(on="2100-01-02", jobs=["backup"], tz=BERLIN)
    assert_only_runs(on=date(2100, 1, 1), jobs=["backup", "mail"], tz=BERLIN)
    with pytest.raises(AssertionError, match="mail would run as well"):
        assert_only_runs(on="2100-01-01", jobs=["backup"], tz=BERLIN)
    with pytest.raises(AssertionError, match="report would not run"):
        assert_only_runs(on="2100-01-02", jobs=["backup", "report"], tz=BERLIN)


def test_single_runs_are_asserted_with_the_reason() -> None:
    cron_job("mail", "30 12 * * 1-5")
    assert_runs("mail", at="2100-01-01 12:30", tz=BERLIN)
    with pytest.raises(AssertionError, match="its next run has not come"):
        assert_runs("mail", at="2100-01-01 12:29", tz=BERLIN)
    weekend = ("2100-01-02", "2100-01-04")
    assert_does_not_run("mail", between=weekend, tz=BERLIN)
    with pytest.raises(AssertionError, match="mail would run at 2100-01-04 12:30"):
        assert_does_not_run("mail", between=("2100-01-02", "2100-01-05"), tz=BERLIN)


def test_the_fixture_knows_the_tests_database(
    freeze_scheduler: Any,
) -> None:
    cron_job("backup", "0 2 * * *")
    with freeze_scheduler("2100-01-01 02:00", tz=BERLIN) as scheduler:
        assert scheduler.would_run() == ["backup"]
