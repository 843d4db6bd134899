"""The list of monitors: what needs attention, and where to see to it."""

from __future__ import annotations

import pytest

from chroniker.models import Job
from tests.admin import people, rows
from tests.admin.browser import Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
]

LIST = "/chroniker/monitor/"


def shown(**values: object) -> Page:
    job = rows.job("orphans", is_monitor=True)
    Job.objects.filter(pk=job.pk).update(**values)
    return people.browser("superuser").open(LIST)


def test_only_monitors_are_listed() -> None:
    rows.job("plain")
    rows.job("orphans", is_monitor=True)
    page = people.browser("superuser").open(LIST)
    assert page.says("orphans")
    assert not page.says("plain")


@pytest.mark.parametrize(
    ("successful", "words"),
    [(None, "· Unknown"), (True, "✓ OK"), (False, "✕ Needs attention")],
)
def test_a_row_says_whether_something_needs_attention(successful: bool | None, words: str) -> None:
    page = shown(last_run_successful=successful, monitor_records=17)
    assert page.says(words)
    assert page.says("17")


def test_a_monitor_that_is_at_work_says_so() -> None:
    rows.claimed(rows.job(is_monitor=True))
    assert people.browser("superuser").open(LIST).says("▶ Checking")


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("/auth/user/?email=", "/auth/user/?email="),
        ("https://example.com/a b", "https://example.com/a+b"),
        ("records/?day={% now_offset 'Y' %}&x=a:b", None),
        ("?x=1", "?x=1"),
    ],
)
def test_the_name_leads_to_the_records_in_a_tab_of_their_own(url: str, link: str | None) -> None:
    page = shown(monitor_url=url)
    (anchor,) = [
        values
        for tag, values in page.tags
        if tag == "a" and values.get("rel") == "noopener noreferrer"
    ]
    assert anchor["target"] == "_blank"
    assert link is None or anchor["href"] == link
    assert "{%" not in anchor["href"]


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", " JaVaScRiPt:alert(1)", "\x01javascript:alert(1)"),
        *(
            "java\nscript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "{% broken %}",
            "{{ x|nope }}",
        ),
        *("{% now_offset 'Y' 'x' %}", "{% include 'nothing.html' %}", "", None),
    ],
)
def test_an_address_that_is_no_web_address_is_not_linked(url: str | None) -> None:
    page = shown(monitor_url=url)
    assert page.says("orphans")
    assert not [values for tag, values in page.tags if tag == "a" and "rel" in values]
    assert not [link for link, _words in page.links if "script:" in link.lower()]


@pytest.mark.parametrize("url", ["{% url 'typo' %}", "{% broken", "{% for a in b %}" * 15])
def test_an_address_that_cannot_be_made_hides_no_monitor(url: str) -> None:
    assert shown(monitor_url=url).says("orphans")


def test_check_now_asks_for_a_run_and_comes_back_to_the_list() -> None:
    job = rows.job("orphans", is_monitor=True)
    browser = people.browser("operator")

    page = browser.press(browser.open(f"{LIST}?enabled__exact=1"), "Check now")

    assert page.url == f"{LIST}?enabled__exact=1"
    assert page.says("“orphans” will run at the next tick.")
    assert rows.fresh(job).force_run


def test_check_now_is_only_shown_to_who_may_press_it() -> None:
    rows.job(is_monitor=True)
    assert not people.browser("viewer").open(LIST).buttons_called("Check now")


def test_a_monitor_is_edited_as_the_job_it_is() -> None:
    job = rows.job(is_monitor=True)
    page = people.browser("superuser").open(LIST)
    assert page.links_called("Edit") == [f"/chroniker/job/{job.pk}/change/"]


def test_the_description_is_text() -> None:
    job = rows.job(is_monitor=True, monitor_description="<b>bold</b><script>alert(1)</script>")
    page = people.browser("superuser").open(f"{LIST}{job.pk}/change/")
    assert page.says("<b>bold</b>")
    assert "<script>alert" not in page.html


def test_the_list_calls_itself_by_its_purpose() -> None:
    page = people.browser("superuser").open(LIST)
    assert page.says("View monitors")
    assert not page.links_called("Add monitor")
