"""Who hears of a run's end, and what."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import django
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, User
from django.contrib.sites.models import Site
from django.core.mail import EmailMessage
from pytest_django import Settings

from chroniker.models import Delivery, Job, Log
from chroniker.moments import utc_now
from chroniker.notifications import links, mail_subscribers
from chroniker.notifications.channels import Hopeless
from chroniker.notifications.channels.mail import mail
from chroniker.notifications.message import Message, event_of, message_of_log, subject_of
from chroniker.notifications.sender import send_here
from tests.running import Manage, due_job, run_due, run_of, wait_until

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("logs are made by hand"),
]

Outbox = list[EmailMessage]


def subscriber(name: str = "ann", email: str | None = None, **values: Any) -> User:
    email = f"{name}@example.com" if email is None else email
    user: User = get_user_model().objects.create_user(name, email, is_staff=True, **values)
    return user


def log_of(*users: User, job: dict[str, Any] | None = None, **values: Any) -> Log:
    """A run that ended, of a job with these subscribers."""
    made = due_job(**{"name": "nightly", **(job or {})})
    made.subscribers.set(users)
    values = {"success": False, "status": "failed", "run_start_datetime": utc_now(), **values}
    return Log(job=made, pk=7, **values)


def recipients(outbox: Outbox) -> list[list[str]]:
    return [message.to for message in outbox]


# To whom


@pytest.mark.parametrize(
    ("wishes", "success", "mailed"),
    [
        ({}, False, True),
        ({}, True, False),
        ({"email_success_to_subscribers": True}, True, True),
        ({"email_errors_to_subscribers": False}, False, False),
        (
            {"email_success_to_subscribers": True, "email_errors_to_subscribers": False},
            False,
            False,
        ),
    ],
    ids=repr,
)
def test_subscribers_hear_of_what_the_job_says(
    wishes: dict[str, bool], success: bool, mailed: bool, mailoutbox: Outbox
) -> None:
    mail_subscribers(log_of(subscriber(), job=wishes, success=success))

    assert len(mailoutbox) == mailed


def test_each_subscriber_gets_a_mail_of_their_own(mailoutbox: Outbox) -> None:
    ann = subscriber("ann", first_name="Ann", last_name="Other, PhD")
    bob = subscriber("bob", first_name="Böb")

    log_of(ann, bob).email_subscribers()

    assert sorted(recipients(mailoutbox)) == [
        ['"Ann Other, PhD" <ann@example.com>'],
        ["=?utf-8?q?B=C3=B6b?= <bob@example.com>"],
    ]
    assert all(not message.cc and not message.bcc for message in mailoutbox)


def test_who_has_no_address_or_left_is_passed_over(mailoutbox: Outbox) -> None:
    users = subscriber("blank", ""), subscriber("left", is_active=False), subscriber("ann")

    mail_subscribers(log_of(*users))

    assert recipients(mailoutbox) == [["ann@example.com"]]


def test_users_of_a_model_without_full_names_hear_of_it_too(
    mailoutbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(AbstractUser, "get_full_name")

    mail_subscribers(log_of(subscriber("ann"), subscriber("bob")))

    assert recipients(mailoutbox) == [["ann@example.com"], ["bob@example.com"]]


def test_nobody_is_mailed_without_subscribers(mailoutbox: Outbox) -> None:
    mail_subscribers(log_of())

    assert mailoutbox == []


def test_an_address_with_letters_in_its_domain_is_mailed(mailoutbox: Outbox) -> None:
    mail_subscribers(log_of(subscriber("ann", "ann@münchen.example")))

    assert recipients(mailoutbox) == [["ann@xn--mnchen-3ya.example"]]


def test_who_has_letters_before_the_at_is_given_up(mailoutbox: Outbox) -> None:
    with pytest.raises(Hopeless, match="only ASCII before the @"):
        mail(Message(subject="s", text="t", make_html=str), "änn@example.com", "")


def test_the_sender_is_a_setting(mailoutbox: Outbox, settings: Settings) -> None:
    settings.CHRONIKER_EMAIL_SENDER = "The Scheduler"
    settings.CHRONIKER_EMAIL_HOST_USER = "cron@example.com"

    mail_subscribers(log_of(subscriber()))

    assert mailoutbox[0].from_email == "The Scheduler <cron@example.com>"
    assert mailoutbox[0].extra_headers["Auto-Submitted"] == "auto-generated"


# The subject


@pytest.mark.parametrize(
    ("values", "subject"),
    [
        ({"success": True, "status": "succeeded", "stderr": "progress"}, "Success: nightly"),
        ({"success": False, "stderr": ""}, "Error: nightly"),
        ({"success": False, "status": "timed_out"}, "Error: nightly"),
        ({"success": False, "status": "lost"}, "Error: nightly"),
    ],
    ids=repr,
)
def test_the_subject_follows_from_the_result_not_from_the_text(
    values: dict[str, Any], subject: str
) -> None:
    assert subject_of(log_of(**values)) == subject


def test_the_subject_is_plain_text_in_one_line() -> None:
    log = log_of(job={"name": "A & B's <report>\r\nBcc: everyone@example.com"})

    assert subject_of(log) == "Error: A & B's <report> Bcc: everyone@example.com"


def test_a_subject_can_name_what_the_log_knows(settings: Settings) -> None:
    settings.CHRONIKER_EMAIL_SUBJECT_ERROR = "{{ job.name }} {{ status }} on {{ hostname }}"

    assert subject_of(log_of(hostname="web1")) == "nightly failed on web1"


# The body


def body_of(log: Log) -> str:
    return message_of_log(log, event_of(log)).text


def test_the_body_leads_to_the_job_and_shows_what_was_printed(settings: Settings) -> None:
    settings.BASE_SECURE_URL = "https://example.com/"
    log = log_of(stdout="3 < 5 & so on", stderr="oh'no", reason="exited with status 3")

    body = body_of(log)

    assert body.splitlines()[0] == f"https://example.com/chroniker/job/{log.job.pk}/change/"
    for text in ("3 < 5 & so on", "oh'no", "exited with status 3"):
        assert text in body


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"BASE_SECURE_URL": "https://a.example", "BASE_URL": "http://b"}, "https://a.example"),
        ({"BASE_URL": "http://b.example"}, "http://b.example"),
        ({}, "http://site.example"),
        ({"SITE_ID": 424242}, ""),
    ],
    ids=repr,
)
def test_links_start_with_what_the_project_says(
    values: dict[str, Any], url: str, settings: Settings
) -> None:
    Site.objects.update(domain="site.example")
    for name, value in values.items():
        setattr(settings, name, value)

    assert links.base_url() == url


def test_the_body_is_bounded() -> None:
    body = body_of(log_of(stdout="x" * 1_000_000))

    assert len(body) < 70_000


MONITOR = {
    "is_monitor": True,
    "monitor_url": "/users/?since={% now_offset 'Y' 0 %}&q=a b",
    "monitor_description": "Users & <b>friends</b>",
}


def test_a_monitor_s_mail_is_its_own_text(settings: Settings) -> None:
    settings.BASE_URL = "http://x"
    log = log_of(job=MONITOR, stderr="3 users & counting")

    body = body_of(log)

    assert f"http://x/users/?since={utc_now():%Y}&q=a+b" in body
    assert "Users & <b>friends</b>" in body
    assert "3 users & counting" in body


def test_a_monitor_without_a_url_names_none() -> None:
    body = body_of(log_of(job=MONITOR | {"monitor_url": ""}, stderr="3 users"))

    assert "None" not in body
    assert "3 users" in body


@pytest.mark.parametrize("field", ["monitor_url", "monitor_error_template"])
@pytest.mark.parametrize("fault", ["{% no_such_tag %}", "{% if %}", "{{ job|nope }}"])
def test_a_template_that_is_broken_does_not_keep_the_mail_back(
    field: str, fault: str, mailoutbox: Outbox
) -> None:
    log = log_of(subscriber(), job=MONITOR | {field: fault}, stderr="3 users")

    mail_subscribers(log)

    assert "3 users" in mailoutbox[0].body


def test_a_broken_subject_does_not_keep_the_mail_back(
    settings: Settings, mailoutbox: Outbox
) -> None:
    settings.CHRONIKER_EMAIL_SUBJECT_ERROR = "{% no_such_tag %}"

    mail_subscribers(log_of(subscriber()))

    assert mailoutbox[0].subject == "Error: nightly"


@pytest.mark.parametrize("call", ["run", "handle_run", "mark_running", "delete", "save"])
def test_a_template_only_reads(call: str) -> None:
    template = f"{{{{ job.{call} }}}}{{{{ job.logs.model.cleanup }}}}"
    log = log_of(job=MONITOR | {"monitor_error_template": template})
    kept = Log.objects.create(job=log.job, success=True)

    body_of(log)

    assert list(Log.objects.all()) == [kept]
    assert not Job.objects.get().is_running


# The callback

calls: list[dict[str, Any]] = []


def remember(job: Job, **texts: str) -> None:
    calls.append({"job": job, **texts})


def fail(job: Job, **texts: str) -> None:
    raise RuntimeError("the callback's own fault")


@pytest.fixture(autouse=True)
def _forget() -> None:
    calls.clear()


@pytest.mark.parametrize(("command", "called"), [("fail", 1), ("succeed", 0)])
def test_the_callback_hears_of_failed_runs_once(
    command: str, called: int, settings: Settings
) -> None:
    settings.CHRONIKER_JOB_ERROR_CALLBACK = f"{__name__}.remember"
    job = due_job(command, name="nightly")

    job.run()
    send_here("default")

    log = run_of(job)
    told = {"job": job, "stdout": log.stdout, "stderr": log.stderr}
    assert calls == [told] * called


@pytest.mark.parametrize("path", [f"{__name__}.fail", "no.such.callback"])
def test_a_callback_that_fails_is_tried_again_and_keeps_no_mail_back(
    path: str, settings: Settings, mailoutbox: Outbox
) -> None:
    settings.CHRONIKER_JOB_ERROR_CALLBACK = path
    job = due_job("fail", name="nightly")
    job.subscribers.add(subscriber())

    job.run()

    assert len(mailoutbox) == 1
    delivery = Delivery.objects.get(channel="callback")
    assert (delivery.status, delivery.attempts) == ("pending", 1)
    assert "fault" in delivery.error or "no" in delivery.error


# Of real runs


def mail_to(folder: Path) -> dict[str, Any]:
    backend = "django.core.mail.backends.filebased.EmailBackend"
    if django.VERSION >= (6, 1):
        options = {"file_path": str(folder)}
        return {"MAILERS": {"default": {"BACKEND": backend, "OPTIONS": options}}}
    return {"EMAIL_BACKEND": backend, "EMAIL_FILE_PATH": str(folder)}


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_runs_are_mailed_however_they_failed(manage: Manage, tmp_path: Path) -> None:
    manage.set(**mail_to(tmp_path / "mail"))
    ann = subscriber()
    for name, command, args, values in (
        ("raised", "fail", "", {}),
        ("killed", "die_by_signal", "", {}),
        ("slow", "sleep_for", "60", {"timeout_seconds": 1}),
        ("good", "succeed", "", {"email_success_to_subscribers": True}),
        ("silent", "succeed", "", {}),
    ):
        due_job(command, args, name=name, **values).subscribers.add(ann)

    assert manage("cron").returncode == 1

    # Files are named after the second and an address in memory, which forked processes share.
    mails = "".join(file.read_text() for file in (tmp_path / "mail").iterdir())
    assert sorted(re.findall("^Subject: (.*)$", mails, re.MULTILINE)) == [
        "Error: killed",
        "Error: raised",
        "Error: slow",
        "Success: good",
    ]


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_mail_that_cannot_be_sent_changes_nothing_about_the_run(
    manage: Manage, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    manage.set(**mail_to(tmp_path / "file"))
    job = due_job(email_success_to_subscribers=True)
    job.subscribers.add(subscriber())

    done = manage("cron")

    assert done.returncode == 0
    assert (run_of(job).status, run_of(job).reason) == ("succeeded", None)
    job.refresh_from_db()
    assert (job.is_running, job.last_run_successful) == (False, True)


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_the_callback_is_called_once_for_a_real_run(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLED", str(tmp_path / "called"))
    settings.CHRONIKER_JOB_ERROR_CALLBACK = f"{__name__}.write_down"
    bad = due_job("fail", "'what happened'", name="bad")
    due_job(name="good")

    run_due()

    called = tmp_path / "called"
    (line,) = wait_until(lambda: called.read_text().splitlines() if called.exists() else [])
    job, stdout, stderr = json.loads(line)
    assert (job, stdout) == (bad.pk, "About to fail.\n")
    assert stderr.endswith("RuntimeError: what happened\n")


def write_down(job: Job, **texts: str) -> None:
    with Path(os.environ["CALLED"]).open("a") as file:
        file.write(json.dumps([job.pk, texts["stdout"], texts["stderr"]]) + "\n")
