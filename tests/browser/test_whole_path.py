"""What a person does with the admin while a scheduler runs: from the empty form to the end."""

from __future__ import annotations

from playwright.sync_api import expect

from chroniker.models import Log
from tests.browser.conftest import Visitor
from tests.running import Manage


def test_a_job_is_made_run_and_watched_to_its_end(visitor: Visitor, manage: Manage) -> None:
    page = visitor.open("/chroniker/job/add/")
    page.get_by_label("Name:", exact=True).fill("first")
    page.get_by_label("Command:", exact=True).select_option("report_progress")
    page.get_by_label("Args:", exact=True).fill("20 --pause=0.2")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.get_by_role("row").filter(has_text="first")
    row.get_by_role("button", name="Run first").click()
    expect(page.get_by_text("“first” will run at the next tick.")).to_be_visible()

    manage.start("cron")

    expect(row.locator(".field-state")).to_contain_text("Running")
    expect(row.locator(".field-state progress")).to_be_visible()
    expect(row.locator(".field-state")).to_contain_text("Succeeded")
    row.locator(".field-last_runs a").first.click()
    expect(page.get_by_text("Counted to 20.")).to_be_visible()


def test_a_running_job_is_stopped_with_a_button(visitor: Visitor, manage: Manage) -> None:
    page = visitor.open("/chroniker/job/add/")
    page.get_by_label("Name:", exact=True).fill("endless")
    page.get_by_label("Command:", exact=True).select_option("sleep_for")
    page.get_by_label("Args:", exact=True).fill("600")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.get_by_role("row").filter(has_text="endless")
    row.get_by_role("button", name="Run endless").click()
    expect(page.get_by_text("will run at the next tick")).to_be_visible()
    manage.start("cron")

    row.get_by_role("button", name="Stop endless").click()

    expect(page.get_by_text("“endless” was asked to stop.")).to_be_visible()
    expect(row.locator(".field-state")).to_contain_text("Stopped")
    assert Log.objects.get().status == "stopped"
