"""Where the tables are another installation's, each page says so, and a person may adopt them."""

from __future__ import annotations

import pytest

from chroniker.models import Installation, Standing
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows

pytestmark = [pytest.mark.django_db, pytest.mark.one_database("pages and what they write")]

URL = "/chroniker/job/installation/"


@pytest.fixture
def elsewhere() -> None:
    """The tables were copied from another installation."""
    Installation.objects.create(name="production", pk=1)


@pytest.mark.usefixtures("elsewhere")
def test_each_page_says_that_nothing_is_started_and_who_may_is_led_on() -> None:
    for person, leads in (("viewer", False), ("superuser", True)):
        browser = people.browser(person)
        for address in ("/chroniker/job/", "/chroniker/job/overview/", "/chroniker/log/"):
            page = browser.open(address)
            assert "Nothing is started here" in page.text
            assert "“production”" in page.text
            assert (URL in page.html) is leads


@pytest.mark.usefixtures("elsewhere")
def test_run_now_is_refused_with_the_reason() -> None:
    job = rows.job()
    browser = people.browser("operator")
    browser.post(f"/chroniker/job/{job.pk}/run/")
    assert not rows.fresh(job).force_run
    assert "belong to the installation" in browser.open("/chroniker/job/").text


@pytest.mark.usefixtures("elsewhere")
def test_adopting_takes_a_button_and_the_right_to_press_it() -> None:
    browser = people.browser("viewer", "adopt_installation")
    assert "production" in browser.open(URL).text
    browser.post(URL, owner="somebody else")
    assert Standing.read("default").is_held

    browser.post(URL, owner="production")

    assert not Standing.read("default").is_held
    assert Installation.objects.get().adopted_by.startswith("viewer")
    page = browser.open("/chroniker/job/")
    assert "installation's now" in page.text
    assert "Nothing is started here" not in page.text


def test_a_scheduler_that_is_held_elsewhere_is_named() -> None:
    now = database_now("default")
    here = Standing.read("default").here
    Installation.objects.create(pk=1, name=here)
    people_page = "/chroniker/job/"
    assert "held" not in people.browser("viewer").open(people_page).text
    Installation.objects.update(refused="other", refused_on="host2", refused_at=to_stored(now))

    page = people.browser("staff", "view_job").open(people_page)

    assert "A scheduler is held" in page.text
    assert "on host2, which is the installation “other”" in page.text
