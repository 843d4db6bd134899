"""Failures in the admin: what is said of them, and how they are acknowledged and snoozed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chroniker.constants import ALL_HOSTS, Status
from chroniker.fingerprint import of_failure
from chroniker.models import Job, JobHost, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored
from chroniker.trouble import Rule, Trouble, judged
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
]

BROKEN, OTHER = (of_failure("failed", "", text) for text in ("broken", "other"))
SILENCE = "silence_jobs"


def page_of(job: Job) -> str:
    return f"/chroniker/job/{job.pk}/change/"


def failed(times: int = 1, error: str = BROKEN) -> dict[str, Any]:
    """The columns of a job that has failed of this so many times."""
    trouble, now = Trouble(), database_now("default")
    for _each in range(times):
        trouble = judged(trouble, error, now, Rule()).trouble
    return {"failures": times, "trouble": trouble.as_json(), "fingerprint": error}


def failing(name: str = "job", *, times: int = 1, error: str = BROKEN) -> Job:
    """A job whose last runs have failed, with their logs."""
    job = rows.job(name)
    start = database_now("default") - timedelta(hours=1)
    for number in range(times):
        begun = to_stored(start + timedelta(minutes=number))
        ended = begun + timedelta(seconds=12)
        values = {"run_start_datetime": begun, "run_end_datetime": ended}
        rows.log(job, status=Status.FAILED, fingerprint=error, **values)
    state = {"last_run": to_stored(start), "last_run_successful": False}
    Job.objects.filter(pk=job.pk).update(**failed(times, error), **state)
    return rows.fresh(job)


def operator() -> Browser:
    return people.browser("operator", SILENCE)


def silenced(job: Job) -> tuple[str | None, str | None]:
    fresh = rows.fresh(job)
    return fresh.acknowledged_by, fresh.snoozed_by


# What is said


def test_a_jobs_page_says_since_when_it_fails_and_of_what() -> None:
    job = rows.job()
    good = rows.log(job, run_start_datetime=to_stored(database_now("default") - timedelta(days=1)))
    failing_one = failing("other")
    Log.objects.filter(job=failing_one).update(job=job)
    rows.log(job, status=Status.FAILED, fingerprint=BROKEN)
    Job.objects.filter(pk=job.pk).update(**failed(2))
    first = Log.objects.filter(fingerprint=BROKEN).earliest("run_start_datetime")

    page = people.browser("viewer").open(page_of(job))

    assert page.says("2 failures since")
    assert page.says("2 of them of this error")
    links = [url for url, _words in page.links]
    assert f"/chroniker/log/{first.pk}/change/" in links
    assert f"/chroniker/log/{good.pk}/change/" in links
    (all_runs,) = page.links_called("all runs with this error")
    assert all_runs == f"/chroniker/log/?job__id__exact={job.pk}&fingerprint={BROKEN}"
    assert not page.buttons_called("Acknowledge")


def test_a_job_that_is_well_has_nothing_of_the_kind() -> None:
    page = people.browser("superuser").open(page_of(rows.job()))

    assert not page.says("failures since")
    assert not page.buttons_called("Acknowledge")
    assert not page.buttons_called("Hear of it again")


def test_who_may_not_see_logs_is_not_led_to_them() -> None:
    page = people.browser("staff", "view_job").open(page_of(failing()))

    assert page.says("1 failure since")
    assert not page.links_called("all runs with this error")


def test_failures_whose_logs_are_gone_are_still_told_of() -> None:
    job = failing(times=3)
    Log.objects.all().delete()

    page = people.browser("viewer").open(page_of(job))

    assert page.says("3 failures since")
    assert not page.links_called("all runs with this error")


def test_the_list_of_logs_shows_the_runs_that_failed_of_the_same() -> None:
    one, other = failing("one", times=2), failing("other", error=OTHER)
    rows.log(one)
    browser = people.browser("viewer")

    def listed(query: str) -> int:
        page = browser.open(f"/chroniker/log/{query}")
        return len({url for url, _words in page.links if url.count("/change/")})

    assert listed("") == 4
    assert listed(f"?job__id__exact={one.pk}&fingerprint={BROKEN}") == 2
    assert listed(f"?job__id__exact={one.pk}&fingerprint={OTHER}") == 0
    assert listed(f"?fingerprint={OTHER}") == 1
    assert listed("?fingerprint=%00") == listed("?fingerprint=a'b") == 0
    assert Job.objects.count() == len([one, other])


def test_the_filter_can_be_taken_off() -> None:
    page = people.browser("viewer").open(f"/chroniker/log/?fingerprint={BROKEN}")

    assert page.links_called("The same")
    assert not people.browser("staff", "view_log").open("/chroniker/log/").links_called("The same")


# Acknowledged


def test_an_error_is_acknowledged_and_that_is_noted() -> None:
    job = failing()
    browser = operator()

    page = browser.press(browser.open(page_of(job)), "Acknowledge")

    assert page.says("Nobody will be told of “job” until its error changes or it recovers.")
    assert page.says("acknowledged by operator1")
    assert not page.buttons_called("Acknowledge")
    assert silenced(job) == ("operator1", None)
    assert LogEntry.objects.get().get_change_message() == "Acknowledged the error."


def test_an_error_that_has_changed_meanwhile_is_not_acknowledged() -> None:
    job = failing()
    browser = operator()
    page = browser.open(page_of(job))
    Job.objects.filter(pk=job.pk).update(**failed(error=OTHER))

    after = browser.press(page, "Acknowledge")

    assert after.says("no longer fails of that error, so nothing was acknowledged")
    assert silenced(job) == (None, None)


@pytest.mark.parametrize("error", ["", "\0", "x" * 9999, "%"])
def test_what_is_no_error_is_not_acknowledged(error: str) -> None:
    job = failing()
    people.browser("superuser").post(f"/chroniker/job/{job.pk}/acknowledge/", error=error)
    assert silenced(job) == (None, None)


def test_what_is_acknowledged_can_be_taken_back() -> None:
    job = failing()
    browser = operator()
    page = browser.press(browser.open(page_of(job)), "Acknowledge")

    after = browser.press(page, "Hear of it again")

    assert after.says("People will be told again of failures of 1 job.")
    assert silenced(job) == (None, None)


def test_a_job_of_all_hosts_has_an_error_on_each() -> None:
    job = rows.job(hostname=ALL_HOSTS)
    one = JobHost.objects.create(job=job, hostname="one", **failed())
    two = JobHost.objects.create(job=job, hostname="two", **failed(error=OTHER))
    browser = operator()
    page = browser.open(page_of(job))
    assert page.says("on one")
    assert page.says("on two")

    page = browser.press(page, "Acknowledge", 1)

    assert [row.acknowledged_by for row in JobHost.objects.order_by("hostname")] == [
        None,
        "operator1",
    ]
    assert len(page.buttons_called("Acknowledge")) == 1
    assert "acknowledged" not in row_of(job)
    browser.press(page, "Acknowledge")
    assert "acknowledged by operator1" in row_of(job)
    assert {one.job_id, two.job_id} == {job.pk}


# Snoozed


def snoozed(job: Job, date: str, time: str = "12:00") -> Page:
    browser = operator()
    page = browser.open(f"/chroniker/job/{job.pk}/snooze/")
    return browser.submit(page, "snooze", until_0=date, until_1=time)


def test_a_job_is_snoozed_until_a_time_and_that_is_noted() -> None:
    job = failing()
    tomorrow = database_now("default") + timedelta(days=1)

    page = snoozed(job, f"{tomorrow:%Y-%m-%d}", "23:59")

    assert page.says("Nobody will be told of failures of “job” until ")
    until = to_instant(rows.fresh(job).snoozed_until)
    assert until is not None
    assert abs(until - tomorrow) < timedelta(days=2)
    assert silenced(job) == (None, "operator1")
    assert "Snoozed until" in LogEntry.objects.get().get_change_message()
    assert "snoozed until" in row_of(job)
    assert page.buttons_called("Hear of it again")


def test_a_day_is_what_is_offered() -> None:
    job = rows.job()
    browser = operator()

    browser.submit(browser.open(f"/chroniker/job/{job.pk}/snooze/"), "snooze")

    until = to_instant(rows.fresh(job).snoozed_until)
    assert until is not None
    ahead = until - database_now("default")
    assert timedelta(hours=23, minutes=58) < ahead <= timedelta(days=1, minutes=1)


@pytest.mark.parametrize(
    ("date", "fault"),
    [
        ("2001-01-01", "This is over already."),
        ("9999-12-31", "This is"),
        ("0001-01-01", "This is"),
        ("tomorrow", "Enter a valid date"),
        ("", "This field is required"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused(date: str, fault: str) -> None:
    job = rows.job()
    assert fault in snoozed(job, date).text
    assert silenced(job) == (None, None)


def test_a_snooze_ends_by_itself() -> None:
    job = failing()
    over = to_stored(database_now("default") - timedelta(minutes=1))
    Job.objects.filter(pk=job.pk).update(snoozed_until=over, snoozed_by="ann")

    assert "snoozed" not in row_of(job)
    assert not operator().open(page_of(job)).buttons_called("Hear of it again")


# In lists


def row_of(job: Job) -> str:
    """What the list of jobs says of the state of a job."""
    answer = people.browser("staff", "view_job", "view_log", "run_job", "stop_job").client.get(
        f"/chroniker/job/live/?ids={job.pk}"
    )
    cell: str = answer.json()["rows"][str(job.pk)]["state"]
    User.objects.filter(username="staff4").delete()
    return cell


def test_several_errors_are_acknowledged_at_once() -> None:
    jobs = [failing("one"), failing("two"), rows.job("well")]
    browser = people.browser("superuser")
    chosen = [str(job.pk) for job in jobs]

    page = browser.submit(
        browser.open("/chroniker/job/"),
        "changelist-form",
        action="acknowledge_selected_jobs",
        _selected_action=chosen,
    )

    assert page.says("2 errors were acknowledged.")
    assert page.says("1 job does not fail.")
    assert [silenced(job)[0] for job in jobs] == ["superuser", "superuser", None]

    page = browser.submit(
        page, "changelist-form", action="hear_of_selected_jobs", _selected_action=chosen
    )

    assert page.says("People will be told again of failures of 2 jobs.")
    assert [silenced(job)[0] for job in jobs] == [None, None, None]


def test_the_overview_names_what_is_known_last_and_says_so() -> None:
    known = failing("known")
    failing("unknown")
    Job.objects.filter(pk=known.pk).update(
        acknowledged_at=to_stored(database_now("default")), acknowledged_by="ann"
    )

    text = people.browser("viewer").open("/chroniker/job/overview/").text

    assert text.index("unknown") < text.index("acknowledged by ann")


def test_the_list_of_monitors_says_so_as_well() -> None:
    monitor = failing()
    Job.objects.filter(pk=monitor.pk).update(
        is_monitor=True,
        acknowledged_at=to_stored(database_now("default")),
        acknowledged_by="ann",
    )

    assert people.browser("viewer").open("/chroniker/monitor/").says("acknowledged by ann")


def test_the_list_can_be_narrowed_to_what_is_silenced() -> None:
    job = failing("silenced one")
    failing("loud one")
    Job.objects.filter(pk=job.pk).update(
        acknowledged_at=to_stored(database_now("default")), acknowledged_by="ann"
    )

    page = people.browser("viewer").open("/chroniker/job/?state=silenced")

    assert page.says("silenced one")
    assert not page.says("loud one")


def test_what_is_said_of_failures_costs_the_list_no_query() -> None:
    def asked() -> int:
        browser = people.browser("superuser")
        browser.open("/chroniker/job/")
        with CaptureQueriesContext(connection) as captured:
            browser.open("/chroniker/job/")
        User.objects.all().delete()
        return len(captured)

    rows.log(rows.job("well"))
    few = asked()
    until = to_stored(database_now("default") + timedelta(days=1))
    for number in range(9):
        job = failing(f"job {number}")
        known = {"acknowledged_at": until, "acknowledged_by": "ann"}
        Job.objects.filter(pk=job.pk).update(snoozed_until=until, snoozed_by="ann", **known)
    assert asked() == few


def test_hostile_names_are_shown_as_they_are() -> None:
    job = failing()
    until = to_stored(database_now("default") + timedelta(days=1))
    name = "<script>alert(1)</script>\u202e"
    known = {"acknowledged_at": until, "acknowledged_by": name}
    Job.objects.filter(pk=job.pk).update(snoozed_until=until, snoozed_by=name, **known)

    for url in (page_of(job), "/chroniker/job/", "/chroniker/job/overview/"):
        html = people.browser("superuser").open(url).html
        User.objects.all().delete()
        assert "<script>alert" not in html
        assert "\u202e" not in html
