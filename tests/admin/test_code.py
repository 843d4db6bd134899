"""Whose a job's fields are, on its page; what was changed here can be reset, and shown as code."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from chroniker import scheduled
from chroniker.jobs_in_code import discovery, export
from chroniker.jobs_in_code.declaration import forget, registered
from chroniker.models import Job, JobDependency
from tests.admin import people, rows

pytestmark = [pytest.mark.django_db, pytest.mark.one_database("pages and what they write")]

NIGHTLY = {"key": "nightly", "command": "succeed", "cron": "0 4 * * *", "timeout_seconds": 60}


@pytest.fixture(autouse=True)
def only_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the settings declare something."""
    monkeypatch.setattr(discovery, "_import_all", lambda: iter(()))
    monkeypatch.setattr(discovery, "registered", list)


@pytest.fixture
def nightly(settings: Settings) -> Job:
    """A job that code declares, and that somebody has changed."""
    settings.CHRONIKER_JOBS = [NIGHTLY]
    synced()
    job = Job.objects.get(code_key="nightly")
    job.timeout_seconds = 5
    job.priority = 3
    job.save()
    return rows.fresh(job)


def synced() -> str:
    out = io.StringIO()
    call_command("cron_sync", "--yes", stdout=out)
    return out.getvalue()


def test_the_form_says_which_fields_are_the_codes_and_which_were_changed(nightly: Job) -> None:
    page = people.browser("editor").open(f"/chroniker/job/{nightly.pk}/change/")

    assert "Declared in code as nightly" in page.text
    assert "Changed here; the code says: 60" in page.text
    assert page.text.count("Declared in code.") == len(nightly.declared) - 1


def test_of_a_job_of_the_admins_nothing_is_said() -> None:
    page = people.browser("editor").open(f"/chroniker/job/{rows.job().pk}/change/")
    assert "Declared in code" not in page.text


def test_what_was_changed_is_reset_to_code_and_nothing_else(nightly: Job) -> None:
    browser = people.browser("editor")
    url = f"/chroniker/job/{nightly.pk}/code/"
    assert "Reset to code" in browser.open(url).html

    assert browser.post(url, field=["timeout_seconds", "priority"]).status_code == 302

    job = rows.fresh(nightly)
    assert (job.timeout_seconds, job.priority) == (60, 3)
    page = browser.open(url)
    assert "One field is as declared again: timeout_seconds." in page.text
    assert "Reset to code" not in page.html


def test_a_raw_command_is_reset_only_by_who_may_write_it(settings: Settings) -> None:
    settings.CHRONIKER_JOBS = [{"key": "raw", "raw_command": "ls", "name": "raw"}]
    synced()
    Job.objects.update(raw_command="ls -l")
    url = f"/chroniker/job/{Job.objects.get().pk}/code/"

    assert people.browser("editor").post(url, field="raw_command").status_code == 403
    assert Job.objects.get().raw_command == "ls -l"
    people.browser("editor", "edit_raw_command").post(url, field="raw_command")
    assert Job.objects.get().raw_command == "ls"


def test_dependencies_are_reset_as_well(settings: Settings) -> None:
    other = {"key": "other", "command": "succeed", "name": "other"}
    settings.CHRONIKER_JOBS = [NIGHTLY | {"depends_on": "other"}, other]
    synced()
    JobDependency.objects.all().delete()
    job = Job.objects.get(code_key="nightly")

    people.browser("editor").post(f"/chroniker/job/{job.pk}/code/", field="depends_on")

    assert JobDependency.objects.get().dependee.code_key == "other"


HOSTILE = '"""\\" \'); import os  # <script>'


def exported() -> Job:
    return rows.job(
        HOSTILE,
        args="--days=3 'two words'",
        frequency="WEEKLY",
        params="byweekday:MO;byhour:9;byminute:0;bysecond:0",
        timezone="Asia/Tokyo",
        environment="A=1\nB=2",
        description="many words " * 20,
        max_retries=2,
        enabled=False,
    )


def as_setting(job: Job) -> Callable[[], Any]:
    scope: dict[str, Any] = {}
    exec(export.as_setting(job), scope)  # noqa: S102
    return lambda: scope["CHRONIKER_JOBS"]


def test_the_setting_that_is_shown_takes_the_very_job_over(settings: Settings) -> None:
    job = exported()
    settings.CHRONIKER_JOBS = as_setting(job)()

    assert f"takes over job {job.pk} {HOSTILE}\n1 jobs" not in synced()  # one line, no fields

    taken = rows.fresh(job)
    assert taken.code_key is not None
    unchanged = {field.name for field in Job._meta.concrete_fields} - {"code_key", "code_fields"}
    for name in unchanged - {"revision"}:
        assert getattr(taken, name) == getattr(job, name), name
    settings.CHRONIKER_JOBS = as_setting(taken)()
    assert synced() == "As declared: 1 job.\n"


def test_the_decorator_that_is_shown_declares_the_same(settings: Settings) -> None:
    job = exported()
    text = export.as_decorator(job).replace("(BaseCommand)", "") + "    def run(self): ...\n"
    before = registered()
    scope: dict[str, Any] = {"__name__": "shown"}

    exec(text, scope)  # noqa: S102

    (declaration,) = [one for one in registered() if one not in before]
    forget([declaration])
    (setting,) = as_setting(job)()
    said = {name: setting[name] for name in setting if name not in ("command", "key")}
    assert declaration.values == said
    assert scope["scheduled"] is scheduled


def test_what_is_shown_as_code_is_escaped() -> None:
    page = people.browser("editor").open(f"/chroniker/job/{exported().pk}/code/")
    assert "<script>" not in page.html.split('id="as-decorator"')[1]
