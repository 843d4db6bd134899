"""The list of jobs in a browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.admin import rows
from tests.browser.conftest import Visitor


def test_it_lists_jobs(visitor: Visitor) -> None:
    rows.job("nightly")
    page = visitor.open("/chroniker/job/")
    expect(page.get_by_role("link", name="nightly", exact=True)).to_be_visible()
    visitor.picture("job-list")
    assert visitor.faults_for_some() == []
