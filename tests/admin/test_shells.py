"""Who may let raw commands be lines of a shell, in the admin."""

from __future__ import annotations

import pytest
from django.test import override_settings

from chroniker.models import Job
from tests.admin import people, rows
from tests.admin.browser import Browser

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
]

NEW = "/chroniker/job/add/"
RAW = ("editor", "edit_raw_command")
SHELL = (*RAW, "use_shell")

allowed = override_settings(CHRONIKER_ALLOW_SHELL=True)


def page_of(job: Job) -> str:
    return f"/chroniker/job/{job.pk}/change/"


def shell_job() -> Job:
    with override_settings(CHRONIKER_ALLOW_SHELL=True):
        return rows.job(**{"command": "", "raw_command": "echo a | cat", "shell": "/bin/sh"})


def offers(browser: Browser, page: str) -> bool:
    return "shell" in browser.open(page).forms["job_form"].fields


def test_a_shell_is_offered_only_where_settings_and_permissions_allow_it() -> None:
    job = rows.job()
    root, raw, both = (people.browser(*who) for who in (("superuser",), RAW, SHELL))
    for page in (NEW, page_of(job)):
        assert not offers(root, page)
        with allowed:
            assert offers(root, page)
            assert offers(both, page)
            assert not offers(raw, page)


@allowed
def test_a_line_of_a_shell_is_changed_only_by_who_may_use_one() -> None:
    for person, written in ((RAW, False), (SHELL, True)):
        job = shell_job()
        browser = people.browser(*person)
        browser.submit(browser.open(page_of(job)), "job_form", raw_command="echo b | cat")
        assert (rows.fresh(job).raw_command == "echo b | cat") is written


@allowed
def test_a_shell_that_is_posted_without_the_permission_is_not_stored() -> None:
    job = rows.job(command="", raw_command="echo a")
    browser = people.browser(*RAW)
    browser.submit(browser.open(page_of(job)), "job_form", **{"shell": "/bin/sh"})
    assert rows.fresh(job).shell == ""


def test_where_shells_are_not_allowed_a_stored_one_can_be_taken_out() -> None:
    job = shell_job()
    browser = people.browser("superuser")
    page = browser.open(page_of(job))
    browser.submit(page, "job_form", shell="", raw_command="echo a")
    assert (rows.fresh(job).shell, rows.fresh(job).raw_command) == ("", "echo a")
