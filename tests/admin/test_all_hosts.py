"""Jobs that every host runs for itself, in the admin."""

from __future__ import annotations

import pytest

from chroniker.models import Job, JobHost
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows

pytestmark = pytest.mark.django_db


def running_on(*hosts: str) -> Job:
    """A job that goes on on these hosts, as the rows have it."""
    job = rows.job("sweep", hostname="*")
    now = to_stored(database_now("default"))
    for number, host in enumerate(hosts):
        JobHost.objects.create(
            job=job,
            hostname=host,
            is_running=True,
            claim_token=f"token{number}",
            fence=number + 5,
            lease_expires=database_now("default").timestamp() * 1000 + 60_000,
            last_heartbeat=now,
        )
    return job


def test_a_row_names_the_hosts_it_is_running_on() -> None:
    running_on("web1", "web2")
    page = people.browser("superuser").open("/chroniker/job/")
    assert page.says("▶ Running on web1, web2")
    assert page.buttons_called("Stop")


@pytest.mark.parametrize("place", ["/chroniker/job/", "/chroniker/job/{}/change/"])
def test_stop_asks_the_runs_of_all_hosts_to_end(place: str) -> None:
    job = running_on("web1", "web2")
    browser = people.browser("operator")

    page = browser.press(browser.open(place.format(job.pk)), "Stop")

    assert page.says("“sweep” was asked to stop.")
    asked = JobHost.objects.values_list("force_stop", "stop_fence", "stopped_by")
    assert sorted(asked) == [(True, 5, "operator"), (True, 6, "operator")]


def test_run_says_that_it_is_running_already() -> None:
    running_on("web1")
    browser = people.browser("operator")
    page = browser.press(browser.open("/chroniker/job/"), "Run")
    assert page.says("“sweep” is running. It will run once more")


def test_requests_that_were_passed_on_to_the_hosts_can_be_withdrawn() -> None:
    job = running_on("web1")
    JobHost.objects.update(force_run=True, forced_by="ann")
    browser = people.browser("operator")
    page = browser.submit(
        browser.open("/chroniker/job/"),
        "changelist-form",
        action="withdraw_requests",
        _selected_action=[str(job.pk)],
    )
    assert page.says("1 request was withdrawn.")
    assert not JobHost.objects.get().force_run


def test_only_the_silent_host_s_run_is_given_up() -> None:
    job = running_on("web1", "web2")
    JobHost.objects.filter(hostname="web1").update(last_heartbeat=None)
    browser = people.browser("operator")
    page = browser.submit(
        browser.open("/chroniker/job/"),
        "changelist-form",
        action="clear_stalled",
        _selected_action=[str(job.pk)],
    )
    assert page.says("1 run was given up.")
    assert [row.hostname for row in JobHost.objects.all_running()] == ["web2"]


def test_a_job_that_is_running_anywhere_is_not_deleted() -> None:
    job = running_on("web1")
    page = people.browser("superuser").open(f"/chroniker/job/{job.pk}/delete/")
    assert page.says("“sweep” is running. Stop it first.")
