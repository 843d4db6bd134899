"""Deleting jobs and logs: told without loading them, and never under a run that goes on."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chroniker.admin import deletion
from chroniker.models import Job, JobDependency, Log
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = pytest.mark.django_db


def select(browser: Browser, model: str, *ids: int) -> Page:
    """Choose to delete these rows of a list; the page that asks whether that is meant."""
    return browser.submit(
        browser.open(f"/chroniker/{model}/"),
        "changelist-form",
        action="delete_selected",
        _selected_action=[str(pk) for pk in ids],
    )


def confirm(browser: Browser, model: str, *ids: int) -> None:
    """Say yes, whether one was asked or not."""
    browser.post(
        f"/chroniker/{model}/",
        action="delete_selected",
        _selected_action=list(map(str, ids)),
        post="yes",
    )


def test_a_job_s_page_says_what_goes_with_it_without_loading_its_logs() -> None:
    job, other = rows.job("import"), rows.job("bill")
    JobDependency.objects.create(dependent=other, dependee=job)
    for _ in range(3):
        rows.log(job, stdout="x" * 1000)
    browser = people.browser("superuser")

    with CaptureQueriesContext(connection) as asked:
        page = browser.open(f"/chroniker/job/{job.pk}/delete/")

    assert page.says("Logs: 3")
    assert page.says("Job dependencies: 1")
    assert not rows.asking_for_output(asked)


def test_a_job_is_deleted_with_its_logs_after_asking() -> None:
    job = rows.job()
    rows.log(job)
    browser = people.browser("editor")
    browser.submit(browser.open(f"/chroniker/job/{job.pk}/delete/"), "1", post="yes")
    assert not Job.objects.exists()
    assert not Log.objects.exists()


def test_who_may_not_delete_logs_may_not_delete_a_job_that_has_any() -> None:
    job = rows.job()
    rows.log(job)
    browser = people.browser("viewer", "delete_job")
    assert browser.open(f"/chroniker/job/{job.pk}/delete/").says("doesn't have permission")
    assert browser.post(f"/chroniker/job/{job.pk}/delete/", post="yes").status_code == 403
    assert Job.objects.exists()


def test_a_job_that_is_running_is_not_deleted() -> None:
    job = rows.job("import")
    rows.claimed(job)
    browser = people.browser("superuser")
    url = f"/chroniker/job/{job.pk}/delete/"
    assert browser.open(url).says("“import” is running. Stop it first.")
    browser.post(url, post="yes")
    assert Job.objects.exists()


def test_a_selection_with_a_running_job_is_not_deleted() -> None:
    running, idle = rows.job("import"), rows.job("idle")
    rows.claimed(running)
    browser = people.browser("superuser")
    assert select(browser, "job", running.pk, idle.pk).says("“import” is running. Stop it first.")
    confirm(browser, "job", running.pk, idle.pk)
    assert Job.objects.count() == 2


def test_selected_jobs_are_deleted_after_asking() -> None:
    jobs = rows.job("a"), rows.job("b")
    browser = people.browser("superuser")
    assert select(browser, "job", *(job.pk for job in jobs)).says("Are you sure")
    confirm(browser, "job", *(job.pk for job in jobs))
    assert not Job.objects.exists()


def test_selected_logs_are_deleted_after_asking_without_loading_their_output() -> None:
    job = rows.job()
    logs = [rows.log(job, stdout="x" * 1000) for _ in range(3)]
    browser = people.browser("editor")
    with CaptureQueriesContext(connection) as asked:
        assert select(browser, "log", logs[0].pk, logs[1].pk).says("Logs: 2")
        confirm(browser, "log", logs[0].pk, logs[1].pk)
    assert [log.pk for log in Log.objects.all()] == [logs[2].pk]
    assert not rows.asking_for_output(asked)


def test_the_log_of_a_run_that_goes_on_is_not_deleted() -> None:
    rows.claimed(rows.job("import"))
    log = Log.objects.get()
    browser = people.browser("superuser")
    assert browser.open(f"/chroniker/log/{log.pk}/delete/").says("is running.")
    assert select(browser, "log", log.pk).says("is running.")
    browser.post(f"/chroniker/log/{log.pk}/delete/", post="yes")
    confirm(browser, "log", log.pk)
    assert Log.objects.exists()


def test_of_many_only_some_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "SHOWN", 2)
    job = rows.job()
    logs = [rows.log(job).pk for _ in range(5)]
    page = select(people.browser("superuser"), "log", *logs)
    assert page.says("Logs: 5")
    assert page.says("… and 3 more")
