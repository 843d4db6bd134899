"""The page with all dependencies: what is drawn of which jobs, for whom, for how many queries."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chroniker.admin.pages import graph
from chroniker.constants import Status
from chroniker.models import Job, JobDependency, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("a drawing, and who may see it"),
]

URL = "/chroniker/job/graph/"
HOSTILE = "<script>alert(1)</script>\"'&\u202e"


def chain(*names: str, **values: Any) -> list[Job]:
    """Jobs each of which waits for the one before."""
    jobs = [rows.job(name, **values) for name in names]
    for dependee, dependent in pairwise(jobs):
        JobDependency.objects.create(dependee=dependee, dependent=dependent)
    return jobs


def ran(job: Job, seconds: int, **values: Any) -> None:
    end = to_stored(database_now("default"))
    start = end - timedelta(seconds=seconds)
    rows.log(
        job, run_start_datetime=start, run_end_datetime=end, duration_ms=seconds * 1000, **values
    )


def page(query: str = "", path: str = URL) -> Page:
    viewer = User.objects.filter(username="viewer").first() or people.user("viewer")
    return Browser(viewer).open(f"{path}?{query}")


def boxes(page: Page) -> list[dict[str, str]]:
    return [v for tag, v in page.tags if tag == "rect" and "chroniker-node" in v.get("class", "")]


def lines(page: Page, kind: str) -> int:
    wanted = f"chroniker-line-{kind}"
    return sum(wanted in v.get("class", "").split() for tag, v in page.tags if tag == "path")


def test_each_job_with_dependencies_is_a_box_that_leads_to_it() -> None:
    jobs = chain("import", "report", "publish")
    rows.job("alone")
    shown = page()
    assert len(boxes(shown)) == 3
    assert lines(shown, "plain") == 2
    for job in jobs:
        assert f"/chroniker/job/{job.pk}/change/" in [url for url, _words in shown.links]
    assert not shown.links_called("alone")
    assert shown.says("1 job without dependencies")
    assert "report waits for import" in shown.text


def test_boxes_show_how_jobs_stand() -> None:
    first, second, third = chain("a", "b", "c")
    rows.claimed(first)
    Job.objects.filter(pk=second.pk).update(last_run_successful=False)
    Pause.objects.create(job=third, reason="moving")
    shown = page()
    kinds = {kind for box in boxes(shown) for kind in box["class"].split()}
    assert {"chroniker-running", "chroniker-failed", "chroniker-paused"} <= kinds
    for words in ("Running", "Failed", "Paused"):
        assert shown.says(words)


def test_a_box_says_how_the_last_run_ended() -> None:
    first, _second = chain("a", "b")
    ran(first, 5, status=Status.TIMED_OUT)
    assert page().says("Timed out")


def test_the_path_that_takes_longest_is_marked_and_named() -> None:
    first, short, long, last = (rows.job(name) for name in ("first", "short", "long", "last"))
    for dependee, dependent in ((first, short), (first, long), (short, last), (long, last)):
        JobDependency.objects.create(dependee=dependee, dependent=dependent)
    for job, seconds in ((first, 60), (short, 10), (long, 120), (last, 30)):
        ran(job, seconds)
    ran(long, 9999, status=Status.FAILED)
    shown = page()
    assert shown.says("first → long → last, 3 m 30 s")
    assert lines(shown, "critical") == 2
    assert lines(shown, "plain") == 2
    assert sum("chroniker-critical" in box["class"] for box in boxes(shown)) == 3


def test_no_path_is_said_to_take_longest_while_that_is_not_known() -> None:
    first, _second = chain("a", "b")
    ran(first, 60)
    assert not page().says("Takes longest")


def test_circles_are_named_and_drawn() -> None:
    first, second = chain("hen", "egg")
    JobDependency.objects.bulk_create([JobDependency(dependent=first, dependee=second)])
    shown = page()
    assert shown.says("These jobs wait for each other and never run")
    assert shown.says("hen → egg → hen") or shown.says("egg → hen → egg")
    assert lines(shown, "circle") == 1
    assert len(boxes(shown)) == 2


def test_whole_parts_are_chosen_by_name_group_or_job() -> None:
    chain("import", "report", group="billing")
    other, _last = chain("thumbs", "publish")
    for query in ("q=import", "group=billing"):
        shown = page(query)
        assert shown.links_called("report")
        assert not shown.links_called("publish")
    assert page(f"job={other.pk}").links_called("publish")
    assert not page(f"job={other.pk}").links_called("report")
    for query in ("q=nothing", "job=0", f"job={10**17}"):
        assert page(query).says("No job waits for another one here.")


def test_of_too_many_jobs_whole_parts_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST_NODES", 3)
    chain("a", "b")
    chain("c", "d")
    shown = page()
    assert len(boxes(shown)) == 2
    assert shown.says("2 more jobs with dependencies are not drawn")


def test_of_a_part_that_is_too_big_the_beginning_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST_NODES", 2)
    chain("z", "y", "x")
    shown = page()
    assert len(boxes(shown)) == 2
    assert shown.links_called("z")
    assert not shown.links_called("x")


def test_every_job_is_a_row_of_a_table() -> None:
    chain("import", "report", "publish")
    shown = page()
    told = [words for _url, words in shown.links]
    assert sum(words.startswith("report") for words in told) == 2
    assert shown.says("Is waited for by")


def test_without_dependencies_the_page_says_so() -> None:
    rows.job()
    assert page().says("No job waits for another one here.")


def test_the_drawing_is_asked_for_again() -> None:
    first, _second = chain("a", "b")
    shown = page()
    url = next(v["data-url"] for _tag, v in shown.tags if v.get("id") == "chroniker-graph")
    path, _mark, query = url.partition("?")
    rows.claimed(first)
    news = json.loads(page(query, path).html)["html"]
    assert "chroniker-running" in news


def test_who_may_not_see_logs_sees_no_durations() -> None:
    for job in chain("a", "b"):
        ran(job, 754)
    person = people.user("staff", "view_job")
    shown = Browser(person).open(URL)
    assert len(boxes(shown)) == 2
    assert not shown.says("12 m 34 s")
    assert not shown.says("Takes longest")
    assert not shown.says("Usually takes")
    assert page().says("12 m 34 s")


@pytest.mark.parametrize("path", [URL, f"{URL}live/"])
def test_who_may_not_see_jobs_is_refused(path: str) -> None:
    people.browser("staff").open(path, status=403)
    people.browser("anonymous").open(path, status=302)


def test_names_stay_text() -> None:
    for job in chain(HOSTILE, f"{HOSTILE} again"):
        ran(job, 10)
    assert "<script>alert" not in page().html


@pytest.mark.parametrize("path", [URL, f"{URL}live/"])
@pytest.mark.parametrize("query", ["", "q=job"])
def test_it_takes_as_many_queries_for_many_jobs_as_for_few(path: str, query: str) -> None:
    counts = []
    browser = people.browser("superuser")
    for number in range(8):
        first, _second = chain(f"job {number}", f"job {number} next")
        ran(first, 5)
        due = to_stored(database_now("default") - timedelta(minutes=5))
        Job.objects.filter(name=f"job {number} next").update(next_run=due)
        Job.objects.filter(pk=first.pk).update(hostname="*")
        browser.open(f"{path}?{query}")
        with CaptureQueriesContext(connection) as captured:
            browser.open(f"{path}?{query}")
        counts.append(len(captured))
        assert rows.asking_for_output(captured.captured_queries) == []
    assert counts[-1] == counts[1] <= 20
