"""Exporting and importing jobs in the admin: a file is shown first, and done as it was shown."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from chroniker.models import Job
from tests.admin import people, rows
from tests.admin.browser import Browser

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
]


def url() -> str:
    return reverse("admin:chroniker_job_import")


def post(browser: Browser, address: str, data: dict[str, Any]) -> Any:
    """Post with the token that a page of the admin has given."""
    browser.client.get(address)
    token = browser.client.cookies["csrftoken"].value
    return browser.client.post(address, {**data, "csrfmiddlewaretoken": token})


def jobs_file(*jobs: dict[str, Any], name: str = "jobs.json") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, json.dumps({"chroniker": 1, "jobs": jobs}).encode())


def upload(person: Browser, *jobs: dict[str, Any]) -> str:
    """The page that shows what a file would change."""
    response = post(person, url(), {"file": jobs_file(*jobs)})
    assert response.status_code == 200
    page: str = response.content.decode()
    return page


def fields_of(page: str) -> dict[str, str]:
    """What the form that confirms would post."""
    return dict(re.findall(r'name="(signed|agreed)" value="([^"]+)"', page))


def test_what_was_shown_is_what_is_done() -> None:
    rows.job("old", timeout_seconds=5)
    editor = people.browser("editor")

    page = upload(
        editor,
        {"name": "old", "timeout_seconds": 7},
        {"name": "<b>new</b>", "command": "succeed"},
    )
    assert "&lt;b&gt;new&lt;/b&gt; (new)" in page
    assert "old (changed)" in page
    assert Job.objects.get(name="old").timeout_seconds == 5

    response = post(editor, url(), fields_of(page))

    assert response.status_code == 302
    assert Job.objects.get(name="old").timeout_seconds == 7
    assert Job.objects.get(name="<b>new</b>").enabled


def test_what_was_changed_meanwhile_is_not_done() -> None:
    rows.job("old", timeout_seconds=5)
    editor = people.browser("editor")
    page = upload(editor, {"name": "old", "timeout_seconds": 7})
    Job.objects.update(timeout_seconds=6)

    response = post(editor, url(), fields_of(page))

    assert "changed meanwhile" in response.content.decode()
    assert Job.objects.get().timeout_seconds == 6


def test_what_somebody_else_uploaded_or_nobody_signed_is_not_done() -> None:
    fields = fields_of(upload(people.browser("superuser"), {"name": "a", "command": "succeed"}))
    editor = people.browser("editor")
    for posted in (fields, {**fields, "signed": "forged"}):
        response = post(editor, url(), posted)
        assert "too old, or not of ours" in response.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "job",
    [
        {"name": "raw", "raw_command": "true"},
        {"name": "old", "raw_command": "true", "command": ""},
        {"name": "old", "environment": "PATH=/tmp"},
        {"name": "old", "environment": "X=@setting:SECRET_KEY"},
        {"name": "old", "environment": "TAR_OPTIONS=--checkpoint=1"},
    ],
)
def test_what_takes_the_permission_for_raw_commands_takes_it_here(job: dict[str, Any]) -> None:
    rows.job("old")
    page = upload(people.browser("editor"), job)
    assert "takes the permission to edit raw commands" in page
    assert fields_of(page) == {}
    allowed = upload(people.browser("editor", "edit_raw_command"), job)
    assert set(fields_of(allowed)) == {"signed", "agreed"}


def test_a_command_that_does_what_it_is_told_takes_that_permission_too() -> None:
    job = {"name": "new", "command": "shell", "args": "-c 'print(1)'"}
    page = upload(people.browser("editor"), job)
    assert "You need the permission to edit raw commands for shell" in page
    assert fields_of(page) == {}
    assert fields_of(upload(people.browser("editor", "edit_raw_command"), job)) != {}


def test_a_job_with_a_raw_command_is_not_changed_without_that_permission() -> None:
    rows.job("raw", command="", raw_command="true")
    page = upload(people.browser("editor"), {"name": "raw", "timeout_seconds": 1})
    assert "takes the permission to edit raw commands" in page


def test_a_right_that_was_taken_away_between_the_steps_counts() -> None:
    person = people.user("editor", "edit_raw_command")
    browser = Browser(person)
    page = upload(browser, {"name": "raw", "raw_command": "true"})
    person.user_permissions.filter(codename="edit_raw_command").delete()

    response = post(browser, url(), fields_of(page))

    assert "takes the permission" in response.content.decode()
    assert not Job.objects.exists()


def test_faults_are_named_and_nothing_can_be_confirmed() -> None:
    page = upload(people.browser("editor"), {"name": "a", "command": "no_such_command"})
    assert "jobs[0] (a).command: There is no management command" in page
    assert fields_of(page) == {}


def test_a_form_is_asked_for_where_the_name_does_not_say_it() -> None:
    editor = people.browser("editor")
    response = post(editor, url(), {"file": jobs_file(name="jobs")})
    assert "Say which form the file has." in response.content.decode()


@pytest.mark.parametrize(
    ("form", "begin"), [("json", "{"), ("yaml", "chroniker: 1"), ("crontab", "# Written by")]
)
def test_selected_jobs_are_downloaded(form: str, begin: str) -> None:
    one, _other = rows.job("one"), rows.job("other")
    viewer = people.browser("viewer")
    response = post(
        viewer,
        reverse("admin:chroniker_job_changelist"),
        {"action": f"export_{form}", "_selected_action": [one.pk]},
    )
    assert response.headers["Content-Disposition"].startswith('attachment; filename="jobs.')
    text = response.content.decode()
    assert text.startswith(begin)
    assert "one" in text
    assert "other" not in text


def test_nobody_asks_about_rows_by_a_file_that_they_may_not_view() -> None:
    editor = people.browser("editor")

    page = upload(editor, {"name": "spy", "command": "check_monitor", "args": "--model=auth.Group"})

    assert "spy: " in page
    assert "invalid choice" in page
    assert not fields_of(page).get("signed")


def test_nor_lets_a_file_tell_a_service_of_such_rows() -> None:
    job = rows.job("watch", command="check_monitor", args="--model=auth.Group")

    page = upload(
        people.browser("editor"), {"name": job.name, "ping_url": "https://example.com/elsewhere"}
    )

    assert "invalid choice" in page
    assert not fields_of(page).get("signed")
