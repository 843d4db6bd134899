"""Orders to run past dates, in the admin."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry

from chroniker.constants import Status
from chroniker.models import Backfill, Log
from tests.admin import people
from tests.admin.browser import Browser, Page
from tests.ticking import Ticking, new_job

pytestmark = pytest.mark.django_db

RIGHTS = ("view_backfill", "add_backfill", "change_backfill")


def order(browser: Browser, job: int, since: str = "2020-01-01", until: str = "2020-01-03") -> Page:
    page = browser.open("/chroniker/backfill/add/")
    days = {"since_0": since, "until_0": until}
    times = {"since_1": "00:00:00", "until_1": "23:59:59"}
    return browser.submit(page, "backfill_form", job=str(job), **days, **times)


def act(browser: Browser, action: str) -> Page:
    page = browser.open("/chroniker/backfill/")
    chosen = [str(one.pk) for one in Backfill.objects.all()]
    return browser.submit(page, "changelist-form", action=action, _selected_action=chosen)


def test_an_order_is_given_watched_stopped_and_resumed() -> None:
    job = new_job("report", frequency="DAILY")
    browser = people.browser("viewer", *RIGHTS)

    order(browser, job.pk)
    given = Backfill.objects.get()
    assert (given.total, given.done, given.created_by) == (3, 0, "viewer3")
    assert browser.open("/chroniker/backfill/").says("0 of 3")

    act(browser, "stop")
    host = Ticking()
    assert host.run(-60) == []
    assert browser.open("/chroniker/backfill/").says("Stopped")
    act(browser, "resume")
    assert host.run(-60) == ["report"]
    assert browser.open("/chroniker/backfill/").says("1 of 3")
    assert [log.trigger for log in Log.objects.all()] == ["backfill"]
    noted = LogEntry.objects.filter(object_id=given.pk).order_by("pk")
    assert [entry.get_change_message() for entry in noted][1:] == ["Stopped.", "Resumed."]


def test_the_reason_is_shown_where_a_date_failed() -> None:
    job = new_job("report", frequency="DAILY")
    browser = people.browser("viewer", *RIGHTS)
    order(browser, job.pk)

    Ticking().run(-60, Status.FAILED)

    page = browser.open(f"/chroniker/backfill/{Backfill.objects.get().pk}/change/")
    assert page.says("ended as failed")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"frequency": "MANUAL", "due": None}, "its schedule names no dates; run it by hand"),
        ({"hostname": "*"}, "it runs on every host"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_reason(values: dict[str, str], said: str) -> None:
    job = new_job("report", **values)  # type: ignore[arg-type]
    browser = people.browser("viewer", *RIGHTS)

    assert order(browser, job.pk).says(said)
    assert not Backfill.objects.exists()


def test_an_order_for_no_date_is_refused() -> None:
    job = new_job("report", frequency="YEARLY")
    browser = people.browser("viewer", *RIGHTS)

    assert order(browser, job.pk, since="2020-03-01", until="2020-03-02").says(
        "There is no such date to run."
    )


def test_without_the_permission_nobody_gives_orders() -> None:
    browser = people.browser("viewer", "view_backfill")

    browser.open("/chroniker/backfill/add/", status=403)
