"""The graph of dependencies in a browser: it goes on by itself, and fits on any screen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from chroniker.admin.pages import graph
from chroniker.models import Job, JobDependency
from tests.admin import rows
from tests.browser.conftest import Visitor, Visitors

URL = "/chroniker/job/graph/"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks for news each second."""
    monkeypatch.setattr(graph, "SECONDS", 1)


def chain() -> list[Job]:
    jobs = [rows.job(name) for name in ("import", "report with a long name " * 5, "publish")]
    for dependee, dependent in pairwise(jobs):
        JobDependency.objects.create(dependee=dependee, dependent=dependent)
    for job in jobs:
        rows.log(job, duration_ms=12_000)
    return jobs


def test_how_jobs_stand_is_followed_and_new_dependencies_are_drawn(visitor: Visitor) -> None:
    first, _second, third = chain()
    page = visitor.open(URL)
    box = page.locator(f"#node-{first.pk}")
    box.focus()
    expect(page.locator("rect.chroniker-node")).to_have_count(3)
    rows.claimed(first)
    expect(box).to_contain_text("Running")
    expect(box).to_be_focused()
    JobDependency.objects.create(dependee=third, dependent=rows.job("mail"))
    expect(page.locator("rect.chroniker-node")).to_have_count(4)
    expect(box).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{visitor.address}/chroniker/job/{first.pk}/change/")


@pytest.mark.parametrize("width", [1400, 390])
def test_it_is_for_everybody(visitors: Visitors, width: int) -> None:
    chain()
    visitor = visitors("superuser", viewport={"width": width, "height": 900})
    page = visitor.open(URL)
    page.get_by_text("Show as table").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visitor.picture(f"graph-{width}")
    assert visitor.faults_for_some() == []
