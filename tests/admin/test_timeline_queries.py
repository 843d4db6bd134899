"""What a timeline asks of the database: the same on each of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from chroniker.admin.pages import load, runs
from chroniker.admin.pages.bars import Runs
from chroniker.admin.pages.window import Window
from chroniker.constants import Status
from chroniker.expectations import history
from chroniker.models import Job, Log
from chroniker.moments import to_stored
from tests.admin import rows

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def window(zoom: str = "24h") -> Window:
    return Window.of(RequestFactory().get(f"/?zoom={zoom}"), NOW)


def ran(job: Job, minutes_ago: float, length: float = 1, **values: Any) -> Log:
    start, end = NOW - minutes_ago * MINUTE, NOW - (minutes_ago - length) * MINUTE
    return rows.log(
        job,
        run_start_datetime=to_stored(start),
        run_end_datetime=to_stored(end),
        duration_ms=int(length * 60_000),
        **values,
    )


def of_jobs(zoom: str = "24h") -> list[Runs]:
    shown = window(zoom)
    jobs = list(runs.with_bounds(Job.objects.order_by("pk"), shown))
    return sorted(runs.of_jobs(jobs, shown), key=lambda one: (one.begin, one.log_id))


def test_runs_of_the_same_minute_that_ended_alike_are_one_row() -> None:
    job = rows.job()
    first, second = ran(job, 10.4, 0.1), ran(job, 10.2, 0.1)
    failed = ran(job, 10.3, 0.1, status=Status.FAILED)
    found = {one.status: one for one in of_jobs()}
    good, bad = found[Status.SUCCEEDED], found[Status.FAILED]
    assert (good.count, good.log_id, good.job_id) == (2, second.pk, job.pk)
    assert to_stored(good.begin) == first.run_start_datetime
    assert to_stored(good.last_begin) == second.run_start_datetime
    assert good.end is not None
    assert to_stored(good.end) == second.run_end_datetime
    assert (bad.count, bad.log_id) == (1, failed.pk)


@pytest.mark.parametrize(("zoom", "count"), [("1h", 2), ("6h", 1), ("24h", 1), ("7d", 1)])
def test_the_grain_is_that_of_the_zoom(zoom: str, count: int) -> None:
    job = rows.job()
    ran(job, 10.4, 0.1)
    ran(job, 10.2, 0.1)
    assert len(of_jobs(zoom)) == count


def test_rows_of_1_x_have_a_state_too() -> None:
    job = rows.job()
    for success, on_time in ((True, True), (False, True), (False, False)):
        log = ran(job, 10)
        Log.objects.filter(pk=log.pk).update(status=None, success=success, on_time=on_time)
    states = {one.status for one in of_jobs()}
    assert states == {Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT}


def test_what_began_before_the_window_is_found_if_it_reaches_into_it() -> None:
    job = rows.job()
    ran(job, 3000, 10)
    reaching = ran(job, 2000, 1500)
    ended = rows.job("ended before")
    ran(ended, 2000, 10)
    assert [one.log_id for one in of_jobs()] == [reaching.pk]


def test_a_run_that_goes_on_is_found_however_long_ago_it_began() -> None:
    job = rows.job(hostname="*")
    for host in ("a", "b"):
        log = ran(job, 5000, slot=host, hostname=host)
        Log.objects.filter(pk=log.pk).update(
            status=Status.RUNNING,
            success=False,
            run_end_datetime=None,
            active_for=f"{job.pk} {host}",
        )
    found = of_jobs()
    assert [one.end for one in found] == [None, None]
    Log.objects.update(status=Status.LOST, active_for=None, run_end_datetime=to_stored(NOW))


def test_only_the_newest_runs_of_a_job_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_OF_A_JOB", 2)
    often, seldom = rows.job("often"), rows.job("seldom")
    logs = [ran(often, minutes) for minutes in (40, 30, 20, 10)]
    ran(seldom, 60)
    shown = window()
    by_name = {job.name: job for job in runs.with_bounds(Job.objects.all(), shown)}
    found = runs.of_jobs(list(by_name.values()), shown)
    assert {one.log_id for one in found if one.job_id == often.pk} == {one.pk for one in logs[1:]}
    assert sum(one.job_id == seldom.pk for one in found) == 1
    known = runs.known_from(by_name["often"], shown)
    assert known is not None
    assert to_stored(known) == logs[1].run_start_datetime
    assert runs.known_from(by_name["seldom"], shown) is None


def test_runs_of_hosts_are_those_of_all_jobs_or_of_some() -> None:
    first, second = rows.job("a"), rows.job("b")
    ran(first, 10, hostname="web1")
    ran(second, 10, hostname="web1")
    ran(second, 20, hostname="web2")
    found, known = runs.of_hosts(window())
    assert sorted((one.lane, one.job_id) for one in found) == [
        ("web1", first.pk),
        ("web1", second.pk),
        ("web2", second.pk),
    ]
    assert known is None
    found, _known = runs.of_hosts(window(), Job.objects.filter(name="b"))
    assert {one.job_id for one in found} == {second.pk}


def test_the_load_knows_which_runs_were_at_once_on_which_host() -> None:
    job = rows.job()
    for minutes, host in ((100, "a"), (99, "a"), (98, "b"), (20, "b")):
        ran(job, minutes, 5, hostname=host)
    ran(job, 97, 0, hostname="a", status=Status.SKIPPED, attempt=0)
    found = load.of_hosts(window())
    assert {host: max(peaks) for host, peaks in found.peaks.items()} == {"a": 2, "b": 1}
    assert found.known_from is None


def test_the_load_is_known_from_the_oldest_run_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load, "MOST_RUNS", 2)
    job = rows.job()
    logs = [ran(job, minutes) for minutes in (30, 20, 10)]
    known = load.of_hosts(window()).known_from
    assert known is not None
    assert to_stored(known) == logs[1].run_start_datetime


def test_the_usual_length_is_the_median_of_the_last_good_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "RUNS", 4)
    often, seldom, never = rows.job("often"), rows.job("seldom"), rows.job("never")
    for minutes, length in ((100, 90), (50, 1), (40, 3), (30, 8)):
        ran(often, minutes, length)
    ran(often, 20, 100, status=Status.FAILED)
    ran(seldom, 30, 5)
    ran(never, 30, 5, status=Status.FAILED)
    assert history.usual([often.pk, seldom.pk, never.pk]) == {
        often.pk: 3 * MINUTE,
        seldom.pk: 5 * MINUTE,
    }
    assert history.usual([]) == {}
