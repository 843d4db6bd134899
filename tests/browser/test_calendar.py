"""The calendar in a browser: readable on any screen, by anybody."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.admin import rows
from tests.browser.conftest import Visitors

URL = "/chroniker/job/calendar/"


@pytest.mark.parametrize("width", [1400, 390])
def test_one_goes_from_the_month_to_the_agenda_of_a_day(visitors: Visitors, width: int) -> None:
    rows.job("nightly import with a long name " * 3, timezone="America/New_York")
    rows.job("heartbeat", frequency="SECONDLY")
    visitor = visitors("superuser", viewport={"width": width, "height": 900})
    page = visitor.open(URL)
    page.get_by_role("link", name="Later").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visitor.picture(f"calendar-{width}")
    assert visitor.faults_for_some() == []
    page.locator(".chroniker-day-number").nth(10).click()
    expect(page.get_by_role("link", name="heartbeat").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visitor.picture(f"agenda-{width}")
    assert visitor.faults_for_some() == []
