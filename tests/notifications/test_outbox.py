"""What happened is noted once, in its own transaction, and becomes deliveries once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from pytest_django import Settings

from chroniker.constants import NOT_FOR_PEOPLE, Event
from chroniker.exceptions import InvalidEnvironment
from chroniker.models import Delivery, Job, Notification
from chroniker.models.database_clock import database_now
from chroniker.notifications import expansion, outbox, policy
from chroniker.notifications.channels import mail, services
from chroniker.notifications.values import values_of
from chroniker.service_urls import ServiceUrl, parse
from tests.running import due_job, run_of

pytestmark = pytest.mark.django_db


def expanded() -> Notification:
    """The only notification, after its expansion."""
    pk = Notification.objects.get().pk
    assert expansion.expand("default", pk, database_now("default"))
    notification: Notification = Notification.objects.get()
    return notification


def subscribed(**values: Any) -> Job:
    job = due_job(**values)
    user = get_user_model().objects.create_user("ann", "ann@example.com", is_staff=True)
    job.subscribers.add(user)
    return job


def test_what_has_a_key_is_noted_once_and_the_transaction_goes_on() -> None:
    with transaction.atomic():
        for _ in range(2):
            outbox.note("default", Event.RUN_MISSED, key="missed:1")
        outbox.note("default", Event.RUN_MISSED)

    assert sorted(Notification.objects.values_list("key", flat=True), key=str) == [None, "missed:1"]


def test_what_is_rolled_back_was_never_noted() -> None:
    with transaction.atomic():
        outbox.note("default", Event.RUN_MISSED)
        transaction.set_rollback(True)

    assert not outbox.pending("default", database_now("default"))


def test_a_notification_is_expanded_once() -> None:
    outbox.note("default", Event.RUN_FAILED, job_id=subscribed().pk)

    notification = expanded()

    assert not expansion.expand("default", notification.pk, database_now("default"))
    assert list(Delivery.objects.values_list("channel", "recipient")) == [
        ("mail", "ann@example.com")
    ]


def test_a_channel_that_cannot_say_whom_to_tell_keeps_none_of_the_others_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: Notification) -> list[str]:
        raise RuntimeError("no idea")

    monkeypatch.setattr(services, "recipients", fail)
    outbox.note("default", Event.RUN_FAILED, job_id=subscribed().pk)

    notification = expanded()

    assert "services: RuntimeError: no idea" in notification.decision
    assert Delivery.objects.get().channel == "mail"


def test_whom_the_policy_tells_nothing_is_only_people(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.CHRONIKER_JOB_ERROR_CALLBACK = "a.callback"
    quiet = policy.Decision(tells=False, reason="the same as before")
    monkeypatch.setattr(policy, "decide", lambda _notification: quiet)
    outbox.note("default", Event.RUN_FAILED, job_id=subscribed().pk)

    notification = expanded()

    assert notification.decision == "the same as before"
    assert [one.channel for one in Delivery.objects.all()] == ["callback"]


def test_what_belongs_to_no_job_is_mailed_to_the_admins(settings: Settings) -> None:
    settings.ADMINS = [("Eve", "eve@example.com"), ("Nobody", "")]
    outbox.note("default", Event.HOST_SILENT, hostname="web1")

    expanded()

    assert [one.recipient for one in Delivery.objects.all()] == ["eve@example.com"]


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (7, 60), (1000, 60)], ids=repr
)
def test_each_pause_is_twice_the_one_before_up_to_an_hour(attempts: int, minutes: int) -> None:
    assert outbox.pause_after(attempts) == timedelta(minutes=minutes)


def test_only_who_holds_the_token_marks_it() -> None:
    outbox.note("default", Event.RUN_FAILED, job_id=subscribed().pk)
    expanded()
    now = database_now("default") + timedelta(seconds=1)
    first = outbox.claim("default", Delivery.objects.get().pk, now)
    assert first is not None
    assert outbox.claim("default", first.pk, now) is None
    later = now + outbox.CLAIMED_FOR
    second = outbox.claim("default", first.pk, later)
    assert second is not None

    outbox.mark_sent("default", first, later)
    assert Delivery.objects.get().status == "sending"
    outbox.mark_sent("default", second, later)
    assert Delivery.objects.get().status == "sent"


# Services


def test_services_are_named_by_job_group_and_site_and_shown_by_none_of_their_secrets(
    settings: Settings,
) -> None:
    settings.CHRONIKER_NOTIFY_URLS = {
        "*": "@env:SLACK",
        "billing": ["json://x/secret"],
        "other": ["json://y"],
    }
    job = due_job(group="billing", notify_urls="# ours\njson://z/secret\n\n@env:MINE")
    outbox.note("default", Event.RUN_FAILED, job_id=job.pk)

    expanded()

    names = set(Delivery.objects.values_list("recipient", flat=True))
    assert {"@env:SLACK", "@env:MINE"} < names
    assert len(names) == 4
    assert not any("secret" in name or "json://" in name for name in names)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("example.com/hook", "Line 1: this is no URL"),
        ("json://a\n@nothing:X", "Line 2: @nothing:X is no reference"),
        ("@setting:NO_SUCH", "there is no setting NO_SUCH"),
    ],
)
def test_what_is_no_url_is_refused_with_its_line_and_the_mend(text: str, words: str) -> None:
    with pytest.raises(InvalidEnvironment, match=words):
        parse(text)


def test_a_url_does_not_show_itself() -> None:
    assert "secret" not in repr(ServiceUrl("slack://secret/secret"))


@pytest.mark.parametrize("event", sorted({*Event} - {*NOT_FOR_PEOPLE}), ids=str)
def test_successes_are_told_only_where_they_are_wished_for(event: Event) -> None:
    job = Job(name="j", notify_urls="json://x", email_success_to_subscribers=True)
    told = {mail.wants(job, event), services.wants(job, event)}

    assert told == {event != Event.RUN_RECOVERED}


# In one process


def test_a_run_in_the_calling_process_is_told_at_once(mailoutbox: list[Any]) -> None:
    job = subscribed(command="fail", name="nightly")

    job.run()

    assert [message.subject for message in mailoutbox] == ["Error: nightly"]
    assert Delivery.objects.get().status == "sent"


def test_a_template_knows_no_secret_and_nothing_that_does_anything() -> None:
    job = due_job(environment="TOKEN=abcdef", notify_urls="json://hidden")
    job.run()

    known = values_of(run_of(job), bounded=str, url="")

    assert "abcdef" not in str(known)
    assert "hidden" not in str(known)
    assert not any(hasattr(value, "save") for value in [*known.values(), *known["job"].values()])
