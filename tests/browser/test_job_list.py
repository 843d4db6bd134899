"""The list of jobs in a browser: it is true without a reload."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from chroniker.models import Job, Log
from tests.admin import rows
from tests.browser.conftest import Visitor, Visitors
from tests.browser.days import a_busy_day
from tests.running import due_job


def test_a_row_follows_its_run_without_a_reload(visitor: Visitor) -> None:
    job = due_job(name="follow-me")
    page = visitor.open("/chroniker/job/")
    row = page.get_by_role("row").filter(has_text="follow-me")
    expect(row.locator(".field-state")).to_contain_text("Due")

    run = rows.claimed(job)
    Job.objects.filter(pk=job.pk).update(total_parts=10, total_parts_complete=4)
    expect(row.locator(".field-state")).to_contain_text("Running 40%")
    expect(row.get_by_role("button", name="Stop follow-me")).to_be_visible()

    Job.objects.filter(pk=job.pk).update(is_running=False, claim_token=None, enabled=False)
    Log.objects.filter(pk=run.log_id).delete()
    expect(row.locator(".field-state")).to_contain_text("Disabled")
    expect(row.get_by_role("button", name="Stop follow-me")).to_have_count(0)


def test_it_says_since_when_it_is_not_live(visitor: Visitor) -> None:
    rows.job()
    page = visitor.open("/chroniker/job/")
    page.route("**/live/**", lambda route: route.abort())
    expect(page.locator("#chroniker-live-note")).to_contain_text("Not live since")
    page.unroute("**/live/**")
    expect(page.locator("#chroniker-live-note")).to_be_hidden()
    visitor.errors.clear()  # the browser tells of the requests that were cut off


def test_it_stops_asking_while_nobody_looks(visitor: Visitor) -> None:
    rows.job()
    visitor.page.clock.install()
    page = visitor.open("/chroniker/job/")
    with page.expect_request("**/live/**"):
        page.clock.run_for(2_100)
    page.wait_for_load_state("networkidle")
    _let_the_tab_be(page, hidden=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []
    with page.expect_request("**/live/**"):
        _let_the_tab_be(page, hidden=False)


def _let_the_tab_be(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        "value => { Object.defineProperty(document, 'hidden', {value, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


def test_it_reads_well(visitors: Visitors) -> None:
    a_busy_day()
    visitor = visitors("superuser", viewport={"width": 1400, "height": 900})
    page = visitor.open("/chroniker/job/")
    expect(page.get_by_role("row").filter(has_text="warehouse").first).to_be_visible()
    expect(page.locator(".field-state", has_text="Failed ×3")).to_be_visible()
    visitor.picture("job-list")
    assert visitor.faults_for_some() == []
    page.set_viewport_size({"width": 390, "height": 800})
    visitor.picture("job-list-phone")
