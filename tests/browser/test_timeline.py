"""The timeline in a browser: it goes on by itself, and is walked through with the keyboard."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chroniker.admin.pages import window
from chroniker.models import Job
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import rows
from tests.browser.conftest import Visitor, Visitors

URL = "/chroniker/job/timeline/"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks for news each second, whatever the zoom."""
    zooms = window.zooms

    def quicker() -> Any:
        return [replace(zoom, seconds=1) for zoom in zooms()]

    monkeypatch.setattr(window, "zooms", quicker)


def ran(job: Job, minutes_ago: float, **values: Any) -> Any:
    start = to_stored(database_now("default") - timedelta(minutes=minutes_ago))
    end = start + timedelta(minutes=2)
    return rows.log(job, run_start_datetime=start, run_end_datetime=end, **values)


def some_jobs() -> Job:
    job = rows.job("nightly import", frequency="HOURLY")
    for minutes in (250, 200, 100):
        ran(job, minutes, hostname="web1")
    ran(job, 40, status="failed", hostname="web1")
    rows.job("a job with a name that is far too long " * 4, frequency="MINUTELY")
    return job


def said(page: Page) -> Any:
    return page.locator("#chroniker-timeline-said")


def test_what_runs_and_ends_is_seen_without_a_reload(visitor: Visitor) -> None:
    job = some_jobs()
    page = visitor.open(f"{URL}?zoom=1h")
    expect(page.locator("rect.chroniker-bar.chroniker-failed")).to_have_count(1)
    run = rows.claimed(job)
    expect(page.locator("rect.chroniker-bar.chroniker-running")).to_have_count(1)
    Job.objects.filter(pk=job.pk).update(is_running=False, claim_token=None)
    now = to_stored(database_now("default"))
    job.logs.filter(pk=run.log_id).update(
        status="succeeded",
        success=True,
        run_end_datetime=now,
        duration_seconds=0,
        duration_ms=0,
        active_for=None,
        token=None,
    )
    expect(page.locator("rect.chroniker-bar.chroniker-running")).to_have_count(0)
    expect(page.locator(f"#log-{run.log_id} rect.chroniker-succeeded")).to_have_count(1)


def test_marks_are_visited_by_arrow_keys_and_keep_the_focus(visitor: Visitor) -> None:
    some_jobs()
    page = visitor.open(URL)
    lane = page.get_by_role("group", name="nightly import")
    expect(lane.locator("[tabindex='0']")).to_have_count(1)
    page.get_by_role("link", name="nightly import", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    expect(said(page)).to_contain_text("Succeeded")
    for _again in range(3):
        page.keyboard.press("ArrowRight")
    expect(said(page)).to_contain_text("Failed")
    focused = page.evaluate("document.activeElement.id")
    with page.expect_response("**/timeline/live/**"):
        pass
    ran(Job.objects.get(name="nightly import"), 20)
    expect(lane.locator("a")).to_have_count(5)
    assert page.evaluate("document.activeElement.id") == focused
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{visitor.address}/chroniker/log/{focused.split('-')[1]}/change/")


def test_the_table_stays_open_while_the_drawing_changes(visitor: Visitor) -> None:
    job = some_jobs()
    page = visitor.open(URL)
    page.get_by_text("Show as table").click()
    expect(page.get_by_role("cell", name="Failed")).to_be_visible()
    ran(job, 10, status="lost")
    expect(page.get_by_role("cell", name="Lost")).to_be_visible()


def test_a_drawing_that_cannot_be_asked_for_says_so(visitors: Visitors) -> None:
    some_jobs()
    visitor = visitors("superuser")
    page = visitor.open(URL)
    page.route("**/timeline/live/**", lambda route: route.abort())
    expect(page.get_by_text("Not live since")).to_be_visible()
    page.unroute("**/timeline/live/**")
    expect(page.get_by_text("Not live since")).to_be_hidden()
    visitor.errors.clear()  # the browser tells of the requests that failed


@pytest.mark.parametrize("query", ["", "by=host&zoom=24h"])
@pytest.mark.parametrize("width", [1400, 390])
def test_it_is_for_everybody(visitors: Visitors, width: int, query: str) -> None:
    some_jobs()
    visitor = visitors("superuser", viewport={"width": width, "height": 900})
    page = visitor.open(f"{URL}?{query}")
    page.get_by_text("Show as table").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visitor.picture(f"timeline-{'host' if query else 'job'}-{width}")
    assert visitor.faults_for_some() == []
