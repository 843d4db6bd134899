"""The timeline as people open it: what is drawn, for whom, and for how many queries."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chroniker.admin.pages import host_lanes, lanes, runs
from chroniker.constants import Status
from chroniker.models import Host, Job, JobHost, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("drawings, and who may see them; the queries have tests of their own"),
]

URL = "/chroniker/job/timeline/"
HOSTILE = "<script>alert(1)</script>\"'&\u202e{{ x }}"


def now() -> datetime:
    return database_now("default")


def ran(job: Job, minutes_ago: float, length: float = 1, **values: Any) -> Any:
    """A run that began so many minutes ago and took so many."""
    start = to_stored(now() - timedelta(minutes=minutes_ago))
    end = start + timedelta(minutes=length)
    millis = int(length * 60_000)
    when = {"run_start_datetime": start, "run_end_datetime": end, "duration_ms": millis}
    return rows.log(job, **{**when, **values})


def timeline(query: str = "") -> Page:
    """What somebody sees who may view jobs and logs."""
    viewer = User.objects.filter(username="viewer").first() or people.user("viewer")
    return Browser(viewer).open(f"{URL}?{query}")


def marks(page: Page) -> list[str]:
    """What is said of each mark that is drawn."""
    return re.findall(r"<title>(.*?)</title><rect", page.html)


def bars(page: Page, kind: str) -> int:
    shapes = [values.get("class", "").split() for tag, values in page.tags if tag == "rect"]
    return sum("chroniker-bar" in words and f"chroniker-{kind}" in words for words in shapes)


# By job


def test_each_run_is_a_bar_that_leads_to_its_log() -> None:
    job = rows.job("nightly")
    good, bad = ran(job, 60, 5), ran(job, 30, 2, status=Status.FAILED)
    page = timeline()
    assert bars(page, "succeeded") == bars(page, "failed") == 1
    for log in (good, bad):
        assert f"/chroniker/log/{log.pk}/change/" in [url for url, _words in page.links]
    assert any("nightly" in said and "Failed, 2 m 00 s" in said for said in marks(page))


def test_a_run_that_goes_on_is_drawn_until_now_and_to_where_it_usually_ends() -> None:
    job = rows.job()
    for number in range(3):
        ran(job, 200 - number, 30)
    rows.claimed(job)
    page = timeline()
    assert bars(page, "running") == 1
    assert any("if it takes as long as usual" in said for said in marks(page))


def test_a_run_that_began_before_the_window_reaches_into_it() -> None:
    ran(rows.job("long"), 90, 70)
    assert bars(timeline("zoom=1h"), "succeeded") == 1


def test_a_run_that_ended_before_the_window_does_not() -> None:
    ran(rows.job("short"), 90, 5)
    assert bars(timeline("zoom=1h"), "succeeded") == 0


def test_what_was_not_run_is_drawn_where_it_should_have_run() -> None:
    job = rows.job()
    due = to_stored(now() - timedelta(minutes=100))
    ran(job, 10, 0, status=Status.SKIPPED, scheduled_for=due, attempt=0)
    page = timeline()
    hollow = [v for tag, v in page.tags if tag == "rect" and "chroniker-skipped" in v["class"]]
    assert len(hollow) == 1
    assert "chroniker-hollow" in hollow[0]["class"]
    assert 40 < float(hollow[0]["x"].rstrip("%")) < 50


def test_many_short_runs_become_one_bar_that_leads_to_the_list_of_them() -> None:
    job = rows.job()
    for number in range(20):
        ran(job, 100 + number / 10, 0.05)
    page = timeline("zoom=7d")
    assert bars(page, "succeeded") == 1
    assert any("20 runs, Succeeded" in said for said in marks(page))
    link = next(url for url, _words in page.links if "run_start_datetime__gte" in url)
    listed = people.browser("superuser").open(link)
    assert listed.says("20 logs")


def test_runs_to_come_are_hollow_and_as_long_as_runs_usually_are() -> None:
    job = rows.job(frequency="HOURLY")
    Job.objects.filter(pk=job.pk).update(next_run=to_stored(now() + timedelta(minutes=40)))
    ran(job, 300, 9)
    ran(job, 290, 9)
    ran(job, 280, 100, status=Status.FAILED)
    page = timeline()
    assert bars(page, "coming") == 1
    assert any("to come, usually takes 9 m 00 s" in said for said in marks(page))


def test_a_job_that_runs_often_is_one_stretch_with_the_number_of_its_runs() -> None:
    rows.job(frequency="SECONDLY")
    page = timeline()
    assert bars(page, "coming") == 1
    said = next(said for said in marks(page) if "every second" in said)
    assert int(said.split(": ")[-1].split()[0]) in range(5390, 5401)


def test_a_job_that_is_overdue_is_due() -> None:
    job = rows.job()
    Job.objects.filter(pk=job.pk).update(next_run=to_stored(now() - timedelta(minutes=20)))
    assert bars(timeline(), "waiting") == 1


def test_the_next_try_of_a_failed_run_is_drawn() -> None:
    job = rows.job()
    Job.objects.filter(pk=job.pk).update(
        next_run=to_stored(now() - timedelta(minutes=2)),
        retry_at=to_stored(now() + timedelta(minutes=2)),
    )
    assert any("next attempt" in said for said in marks(timeline()))


def test_what_falls_into_a_pause_is_drawn_as_paused_and_what_follows_is_not() -> None:
    job = rows.job(frequency="HOURLY")
    start = to_stored(now())
    Pause.objects.create(
        job=job, reason="moving", starts_at=start, ends_at=start + timedelta(hours=2)
    )
    page = timeline("zoom=24h")
    assert bars(page, "paused") in {1, 2}
    assert bars(page, "coming") in {4, 5}
    assert any("moving" in said for said in marks(page))


@pytest.mark.parametrize(
    "values",
    [
        {"enabled": False},
        {"frequency": "MANUAL", "next_run": None},
        {"next_run": None},
        {"frequency": "CRON", "cron_expression": "nonsense"},
    ],
)
def test_a_job_without_further_runs_has_an_empty_lane(values: dict[str, Any]) -> None:
    job = rows.job("idle")
    Job.objects.filter(pk=job.pk).update(**values)
    page = timeline()
    assert page.says("idle")
    assert bars(page, "coming") == 0


def test_nothing_is_to_come_after_the_time_a_job_is_active() -> None:
    job = rows.job(frequency="MINUTELY", params="interval:10")
    until = to_stored(now() + timedelta(minutes=25))
    Job.objects.filter(pk=job.pk).update(active_until=until)
    assert bars(timeline(), "coming") in {2, 3}


def test_a_job_of_all_hosts_comes_when_the_first_of_them_runs_it() -> None:
    job = rows.job(hostname="*")
    soon = to_stored(now() + timedelta(minutes=10))
    for number in range(2):
        JobHost.objects.create(
            job=job, hostname=f"web{number}", next_run=soon + timedelta(minutes=number)
        )
    assert bars(timeline("zoom=1h"), "coming") == 1
    by_host = timeline("zoom=1h&by=host")
    assert bars(by_host, "coming") == 2
    assert by_host.says("web0")
    assert by_host.says("web1")


def test_lanes_are_chosen_by_words_and_group() -> None:
    rows.job("daily bill", group="billing")
    rows.job("daily backup")
    rows.job("hourly bill")
    assert timeline("q=daily+bill").says("daily bill")
    assert not timeline("q=daily+bill").links_called("daily backup")
    page = timeline("group=billing")
    assert page.links_called("daily bill")
    assert not page.links_called("hourly bill")
    assert timeline("q=nothing").says("There is nothing to show here.")


def test_so_many_lanes_make_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chroniker.admin.pages.job_lanes.LANES", 2)
    for name in "abc":
        rows.job(name)
    first = timeline()
    assert first.links_called("a")
    assert not first.links_called("c")
    (more,) = first.links_called("More jobs")
    second = people.browser("superuser").open(URL + more)
    assert second.links_called("c")
    assert not second.links_called("a")
    assert second.links_called("Previous jobs")


def test_of_a_job_with_too_many_runs_it_is_said_from_when_on_they_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "MOST_OF_A_JOB", 2)
    job = rows.job()
    for minutes in (10, 20, 30, 40):
        ran(job, minutes)
    page = timeline()
    assert page.says("Zoom in to see more.")
    assert any("chroniker-unknown" in values.get("class", "") for _tag, values in page.tags)
    assert bars(page, "succeeded") == 3


# By host


def test_a_lane_of_a_host_has_the_runs_of_all_jobs_there() -> None:
    for name in ("a", "b"):
        ran(rows.job(name), 30, 10, hostname="web1")
    ran(rows.job("c"), 30, 10, hostname="web2")
    page = timeline("by=host")
    assert bars(page, "succeeded") == 3
    heights = [
        values["y"] for tag, values in page.tags if "chroniker-bar " in values.get("class", "")
    ]
    assert len(set(heights)) > 1
    assert page.says("at most 2 runs at once")
    assert page.says("at most 1 run at once")


def test_what_is_to_come_stands_on_its_host_or_on_that_of_any() -> None:
    rows.job("here", hostname="web1", frequency="HOURLY")
    rows.job("anywhere", frequency="HOURLY")
    page = timeline("by=host")
    assert page.says("web1")
    assert page.says("any host")


def test_runs_of_hosts_are_limited_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_OF_ALL", 2)
    monkeypatch.setattr(host_lanes, "MOST_JOBS_TO_COME", 1)
    for name in ("a", "b", "c"):
        job = rows.job(name, frequency="HOURLY")
        ran(job, 30, 10, hostname=name)
        ran(job, 90, 10, hostname=name)
    page = timeline("by=host")
    assert page.says("Zoom in to see more.")
    assert page.says("Runs to come are drawn of the 1 job that runs next.")
    assert bars(page, "coming") == 1


def test_the_load_is_told_with_what_a_host_can_carry() -> None:
    Host.objects.create(hostname="web1", capacity=4)
    ran(rows.job(), 30, hostname="web1")
    assert timeline().says("at most 1 run at once, of 4")


def test_of_the_runs_of_hosts_those_of_chosen_jobs_are_drawn() -> None:
    ran(rows.job("bill"), 30, hostname="web1")
    ran(rows.job("other"), 50, hostname="web1", status=Status.FAILED)
    page = timeline("by=host&q=bill")
    assert bars(page, "succeeded") == 1
    assert bars(page, "failed") == 0


# Live


def test_the_drawing_is_asked_for_again() -> None:
    browser = people.browser("viewer")
    job = rows.job("nightly")
    page = browser.open(f"{URL}?zoom=1h")
    url = next(v["data-url"] for _tag, v in page.tags if v.get("id") == "chroniker-timeline")
    assert "nightly" in page.html
    log = ran(job, 5, status=Status.LOST)
    news = json.loads(browser.open(url).html)["html"]
    assert f"/chroniker/log/{log.pk}/change/" in news
    assert "chroniker-lost" in news


# Who may see what


def test_who_may_not_see_logs_sees_what_is_to_come_only() -> None:
    job = rows.job("nightly", frequency="HOURLY")
    ran(job, 60, 5)
    person = people.user("staff", "view_job")
    page = Browser(person).open(URL)
    assert bars(page, "succeeded") == 0
    assert bars(page, "coming") > 0
    assert page.says("you need the permission to view logs")
    assert not page.says("Load")
    assert not page.says("usually takes")
    by_host = Browser(person).open(f"{URL}?by=host")
    assert bars(by_host, "succeeded") == 0
    assert bars(by_host, "coming") > 0


@pytest.mark.parametrize("path", [URL, f"{URL}live/"])
def test_who_may_not_see_jobs_is_refused(path: str) -> None:
    people.browser("staff").open(path, status=403)
    people.browser("anonymous").open(path, status=302)


def test_names_stay_text() -> None:
    job = rows.job(HOSTILE, group=HOSTILE)
    ran(job, 30, hostname=HOSTILE)
    for query in ("", "by=host"):
        page = timeline(f"{query}&q=script")
        assert "<script>alert" not in page.html
        assert "\u202e" not in "".join(marks(page))


def test_what_an_address_asks_for_stays_text() -> None:
    rows.job()
    page = people.browser("viewer").open(f'{URL}?q="><script>alert(1)</script>%00&p=9&zoom=<b>')
    assert "<script>alert" not in page.html


# Queries


def a_row_of_each_kind(number: int) -> None:
    job = rows.job(f"job {number}", frequency="HOURLY", group=f"group {number}")
    ran(job, 30 + number, hostname=f"host {number}")
    ran(job, 3000, 2800)
    rows.claimed(rows.job(f"running {number}"))
    everywhere = rows.job(f"everywhere {number}", hostname="*")
    soon = to_stored(now() + timedelta(minutes=10))
    JobHost.objects.create(job=everywhere, hostname="web", next_run=soon)


@pytest.mark.parametrize("query", ["", "by=host", "by=host&q=job", "zoom=7d&group=group+1"])
@pytest.mark.parametrize("path", [URL, f"{URL}live/"])
def test_it_takes_as_many_queries_for_many_jobs_as_for_few(path: str, query: str) -> None:
    a_row_of_each_kind(1)
    few = queries(f"{path}?{query}")
    for number in range(2, 12):
        a_row_of_each_kind(number)
    many = queries(f"{path}?{query}")
    assert len(many) == len(few) <= 17
    assert rows.asking_for_output(many) == []


def queries(url: str) -> list[dict[str, str]]:
    browser = people.browser("superuser")
    browser.open(url)
    with CaptureQueriesContext(connection) as captured:
        browser.open(url)
    User.objects.all().delete()
    return captured.captured_queries


def test_what_is_to_come_is_drawn_one_by_one_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_TO_COME", 1)
    rows.job(frequency="MINUTELY")
    assert bars(timeline(), "coming") == 1
