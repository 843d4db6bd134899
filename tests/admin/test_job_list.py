"""The list of jobs: what a row says, for how many queries, and that nothing breaks it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.template import Template
from django.test.utils import (  # type: ignore[attr-defined]
    CaptureQueriesContext,
    instrumented_test_render,
)

from chroniker.constants import Status
from chroniker.models import Job, JobDependency
from chroniker.models.database_clock import database_now
from chroniker.models.state import next_runs
from chroniker.moments import to_stored
from tests.admin import people, rows
from tests.admin.browser import Page
from tests.running import due_job

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>{{ x }}{% y %}\"'&\u202e%s{0}"


def shown(**values: Any) -> Page:
    """The list with one job of these values, as a superuser sees it."""
    job = rows.job()
    Job.objects.filter(pk=job.pk).update(**values)
    return people.browser("superuser").open("/chroniker/job/")


def ago(**length: float) -> Any:
    return to_stored(database_now("default") - timedelta(**length))


# Queries


def a_row_of_each_kind(number: int) -> None:
    """A job with a finished run and a dependency, one that waits, and one that is running."""
    done = rows.job(f"done {number}")
    rows.log(done, status=Status.FAILED)
    Job.objects.filter(pk=done.pk).update(last_run=ago(hours=1), last_run_successful=False)
    waits = rows.job(f"waits {number}")
    Job.objects.filter(pk=waits.pk).update(next_run=ago(minutes=1))
    JobDependency.objects.create(dependent=waits, dependee=done)
    rows.claimed(rows.job(f"running {number}"))


def queries_of_the_list(url: str) -> int:
    browser = people.browser("superuser")
    browser.open(url)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        browser.open(url)
    browser.client.logout()
    User.objects.all().delete()
    return len(queries)


@pytest.mark.parametrize("url", ["/chroniker/job/", "/chroniker/job/?q=a&enabled__exact=1"])
def test_the_list_takes_as_many_queries_for_a_hundred_jobs_as_for_three(url: str) -> None:
    a_row_of_each_kind(0)
    few = queries_of_the_list(url)
    for number in range(1, 30):
        a_row_of_each_kind(number)
    assert queries_of_the_list(url) == few <= 12


# States


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"enabled": False}, "\N{EN DASH} Disabled"),
        ({"error": "no such rule"}, "✕ Cannot run no such rule"),
        ({"force_run": True, "forced_by": "ann"}, "… Asked to run by ann"),
        ({"last_run_successful": True}, "✓ Succeeded"),
        ({"last_run_successful": False}, "✕ Failed"),
        ({}, "· Not run yet"),
        ({"next_run": None}, "· Finished no further run"),
        ({"next_run": None, "frequency": "MANUAL"}, "· Not run yet"),
    ],
)
def test_a_row_says_what_the_job_is_doing(values: dict[str, Any], words: str) -> None:
    assert shown(**values).says(words)


def test_a_job_whose_time_has_come_is_due() -> None:
    assert shown(next_run=ago(minutes=1)).says("… Due")


def test_a_row_says_what_the_job_waits_for() -> None:
    waits, dependee = rows.job("bill"), rows.job("import")
    JobDependency.objects.create(dependent=waits, dependee=dependee)
    Job.objects.filter(pk=waits.pk).update(next_run=ago(minutes=1))
    page = people.browser("superuser").open("/chroniker/job/")
    assert page.says("… Waiting import has not succeeded")


@pytest.mark.parametrize("status", [Status.TIMED_OUT, Status.STOPPED, Status.LOST])
def test_a_row_says_how_the_last_run_ended_and_leads_to_it(status: Status) -> None:
    job = rows.job()
    rows.log(job, run_start_datetime=ago(days=2), run_end_datetime=ago(days=1))
    newest = rows.log(job, status=status)
    Job.objects.update(last_run=ago(hours=1), last_run_successful=False)

    page = people.browser("superuser").open("/chroniker/job/")

    assert page.says(str(status.label))
    assert f"/chroniker/log/{newest.pk}/change/" in [url for url, _words in page.links]


def test_a_running_row_says_how_far_it_is_and_how_long_it_will_take() -> None:
    job = rows.job()
    rows.claimed(job)
    Job.objects.update(total_parts=4, total_parts_complete=1, last_run_start_timestamp=ago(days=10))
    page = people.browser("superuser").open("/chroniker/job/")
    assert page.says("▶ Running 25% 30 d 00 h left")  # however long the page takes
    assert ("progress", "25") in [(tag, values.get("value")) for tag, values in page.tags]


def test_progress_beyond_its_total_is_shown_as_complete() -> None:
    job = rows.job()
    rows.claimed(job)
    Job.objects.update(total_parts=3, total_parts_complete=5)
    assert people.browser("superuser").open("/chroniker/job/").says("Running 100%")


def test_progress_without_a_total_breaks_nothing() -> None:
    job = rows.job()
    rows.claimed(job)
    Job.objects.update(total_parts=0, total_parts_complete=5)
    assert people.browser("superuser").open("/chroniker/job/").says("▶ Running")


def test_a_run_that_gives_no_sign_of_life_is_told() -> None:
    job = rows.job()
    rows.claimed(job)
    rows.silence(job)
    assert people.browser("superuser").open("/chroniker/job/").says("no sign of life for 1 day")


# What is stored


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"frequency": "ZZZ"}, "Unknown frequency"),
        ({"params": "byweekday:XX"}, "✕ Invalid"),
        ({"timezone": "Nowhere/Land"}, "Unknown time zone"),
        ({"frequency": "CRON", "cron_expression": "61 * * * *"}, "✕ Invalid"),
        ({"frequency": "CRON", "cron_expression": ""}, "✕ Invalid"),
        ({"args": "'unbalanced"}, "job"),
        ({"command": "gone"}, "job"),
        ({"current_pid": "no number", "hostname": "*"}, "all"),
        ({"jitter_seconds": 2**31 - 1}, "job"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_page_opens(values: dict[str, Any], words: str) -> None:
    assert shown(**values).says(words)


@pytest.mark.parametrize("name", ["name", "params", "hostname", "error", "forced_by", "command"])
def test_no_text_becomes_markup(name: str) -> None:
    job = rows.job(force_run=True)
    Job.objects.update(**{name: HOSTILE})
    browser = people.browser("superuser")
    urls = ["/chroniker/job/", f"/chroniker/job/{job.pk}/change/", "/chroniker/monitor/"]
    urls.append(f"/chroniker/job/{job.pk}/graph/duration/")
    for url in urls:
        assert "<script>alert" not in browser.open(url).html


def test_the_name_in_a_message_does_not_become_markup() -> None:
    rows.job(HOSTILE)
    browser = people.browser("operator")
    page = browser.press(browser.open("/chroniker/job/"), "Run")
    assert "<script>alert" not in page.html


# Filters, search, order


@pytest.mark.parametrize(
    "query",
    [
        *("enabled__exact=1", "is_running__exact=0", "last_run_successful__isnull=True"),
        *("frequency__exact=DAILY", "is_monitor__exact=0", "hostname__isnull=True"),
        *("q=job", "o=1", "o=-2", "o=3", "o=4.5", "o=-9", "_facets=True", "all="),
    ],
)
def test_the_list_can_be_filtered_searched_and_sorted(query: str) -> None:
    rows.job()
    page = people.browser("superuser").open(f"/chroniker/job/?{query}")
    assert page.buttons_called("Run")


def test_the_search_looks_at_names_hosts_and_processes() -> None:
    job = rows.job("import", hostname="db1")
    rows.job("other")
    Job.objects.filter(pk=job.pk).update(current_hostname="web7", current_pid="4711")
    browser = people.browser("superuser")
    for text in ("impo", "db1", "web7", "4711"):
        page = browser.open(f"/chroniker/job/?q={text}")
        assert page.links_called("import on db1")
        assert not page.links_called("other")


def test_a_popup_to_choose_a_job_from_has_no_buttons() -> None:
    rows.claimed(rows.job())
    page = people.browser("superuser").open("/chroniker/job/?_popup=1&_to_field=id")
    assert page.links_called("job")
    assert not page.buttons_called("Run")
    assert not page.buttons_called("Stop")


def test_the_list_shows_the_server_s_time_and_how_to_add_a_job() -> None:
    page = people.browser("superuser").open("/chroniker/job/")
    assert page.says("Server time:")
    assert page.links_called("Add job") == ["/chroniker/job/add/"]


# Skins and policies


@pytest.mark.parametrize(
    ("url", "template"),
    [
        ("/chroniker/job/", "admin/change_list.html"),
        ("/chroniker/log/", "admin/change_list.html"),
        ("/chroniker/monitor/", "admin/change_list.html"),
        ("/chroniker/job/{}/change/", "admin/change_form.html"),
        ("/chroniker/job/{}/graph/duration/", "admin/base_site.html"),
    ],
)
def test_pages_stand_on_the_admin_s_own_so_that_skins_reach_them(
    url: str, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Template, "_render", instrumented_test_render)
    url = url.format(rows.job().pk)
    response: Any = people.browser("superuser").client.get(url)
    assert template in [each.name for each in response.templates]


def test_a_strict_content_security_policy_hinders_nothing() -> None:
    job = rows.job()
    log = rows.log(job, stdout="x")
    rows.claimed(job)
    browser = people.browser("superuser")
    for url in (
        *("/chroniker/job/", f"/chroniker/job/{job.pk}/change/", "/chroniker/log/"),
        *(f"/chroniker/log/{log.pk}/change/", "/chroniker/monitor/"),
        f"/chroniker/job/{job.pk}/graph/duration/",
    ):
        for tag, attributes in browser.open(url).tags:
            assert "style" not in attributes, (url, tag)
            assert not [name for name in attributes if name.startswith("on")], (url, tag)
            assert not (attributes.get("href") or "").startswith("javascript:"), (url, tag)
            assert tag != "script" or "src" in attributes or attributes.get("type"), (url, tag)


def test_a_job_that_makes_up_for_each_missed_date_says_how_many_are_left() -> None:
    since = database_now("default") - timedelta(hours=5, minutes=30)
    due_job(frequency="HOURLY", misfire_policy="backfill", next_run=to_stored(since))

    assert people.browser("viewer").open("/chroniker/job/").says("6 dates to make up")


def test_a_job_whose_run_is_tried_again_says_when() -> None:
    job = due_job(max_retries=3)
    later = to_stored(database_now("default") + timedelta(minutes=10, seconds=30))
    Job.objects.filter(pk=job.pk).update(retry_at=later, attempt=1)

    page = people.browser("viewer").open("/chroniker/job/")

    assert page.says("Retrying attempt 1 failed; the next one comes in 10")


def test_a_jobs_page_says_why_it_does_not_run() -> None:
    job = due_job(concurrency_key="<b>warehouse")
    other = due_job("sleep_for", name="other", concurrency_key="<b>warehouse", priority=1)
    browser = people.browser("viewer")

    page = browser.open(f"/chroniker/job/{job.pk}/change/")
    assert page.says("Its key is held: the key <b>warehouse is held by other")
    Job.objects.filter(pk=other.pk).update(enabled=False)
    assert browser.open(page.url).says("Nothing: it starts at the next tick.")


def test_a_job_that_makes_up_for_each_date_shows_the_dates() -> None:
    since = database_now("default").replace(minute=10, second=0, microsecond=0)
    job = due_job(
        frequency="HOURLY",
        misfire_policy="backfill",
        next_run=to_stored(since - timedelta(hours=30)),
    )

    dates = next_runs(job, since)

    assert dates == [since - timedelta(hours=30 - number) for number in range(5)]
