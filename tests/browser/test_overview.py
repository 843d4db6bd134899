"""The overview in a browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from chroniker.models import Host, Job
from chroniker.models.database_clock import database_now
from tests.admin import rows
from tests.browser.conftest import Visitor, Visitors
from tests.browser.days import a_busy_day


def test_it_answers_whether_all_is_well(visitors: Visitors) -> None:
    a_busy_day()
    Host.objects.ticked(
        "web2", database_now("default") - timedelta(minutes=6), version="2.0", capacity=20
    )
    visitor = visitors("superuser", viewport={"width": 1400, "height": 900})
    page = visitor.open("/chroniker/job/overview/")
    attention = page.locator("section", has_text="Needs attention")
    expect(attention).to_contain_text("nightly-import")
    expect(attention).to_contain_text("thumbnails")
    expect(page.locator("section", has_text="Running now")).to_contain_text("reindex")
    visitor.picture("overview")
    assert visitor.faults_for_some() == []
    page.set_viewport_size({"width": 390, "height": 800})
    visitor.picture("overview-phone")


def test_it_follows_what_happens_and_keeps_the_focus(visitor: Visitor) -> None:
    job = rows.job("reindex")
    rows.claimed(job)
    page = visitor.open("/chroniker/job/overview/")
    link = page.get_by_role("link", name="reindex")
    link.focus()
    Job.objects.filter(pk=job.pk).update(total_parts=10, total_parts_complete=4)
    expect(page.locator("section", has_text="Running now")).to_contain_text("Running 40%")
    expect(link).to_be_focused()


def test_without_jobs_and_schedulers_it_says_how_to_begin(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    Host.objects.all().delete()
    monkeypatch.setattr("sys.executable", "/srv/shop/venv/bin/python")
    page = visitor.open("/chroniker/job/overview/")
    expect(page.get_by_role("status").first).to_contain_text("manage.py cron")
    visitor.picture("overview-empty")
    page.get_by_role("link", name="Clear old sessions each day").click()
    expect(page.get_by_label("Name:", exact=True)).to_have_value("clear-sessions")
