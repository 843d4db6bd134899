"""What is in the outbox reaches real receivers: once, in time, and whatever becomes of others."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models import F
from pytest_django import Settings

from chroniker.constants import Event
from chroniker.dispatch.messenger import Messenger
from chroniker.models import Delivery, Job, Log, Notification
from chroniker.models.database_clock import database_now
from chroniker.notifications import outbox, sender
from chroniker.trouble import Trouble
from tests.notifications.receivers import (
    Endpoint,
    Mailbox,
    closed_port,
    endpoint,
    mail_server,
    mail_settings,
    silent_port,
)
from tests.running import Manage, due_job, run_due, run_of, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


@pytest.fixture
def box(settings: Settings) -> Iterator[Mailbox]:
    """A mail server that the project uses."""
    with mail_server() as box:
        use(settings, box.settings)
        yield box


@pytest.fixture
def hook() -> Iterator[Endpoint]:
    """An address on the web."""
    with endpoint() as one:
        yield one


def use(settings: Settings, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)


def subscriber(name: str = "ann", **values: Any) -> Any:
    values = {"email": f"{name}@example.com", "is_staff": True, **values}
    return get_user_model().objects.create_user(name, **values)


def failing_job(*users: Any, **values: Any) -> Job:
    job = due_job("fail", "'what happened'", **values)
    job.subscribers.set(users)
    return job


def noted(job: Job, event: Event = Event.RUN_FAILED, **values: Any) -> Notification:
    """Something that happened to this job just now."""
    outbox.note("default", event, now=database_now("default"), job_id=job.pk, **values)
    notification: Notification = Notification.objects.get()
    return notification


def send() -> None:
    """Send what is due, by a process of its own as a scheduler does."""
    messenger = Messenger("default")
    messenger.wake()
    messenger.finish()


def let_time_pass(**by: float) -> None:
    """Bring the next attempts nearer, and push what was noted into the past."""
    Delivery.objects.update(due_at=F("due_at") - timedelta(**by))
    Notification.objects.update(created=F("created") - timedelta(**by))


def states() -> list[tuple[str, str]]:
    return sorted(Delivery.objects.values_list("channel", "status"))


def test_a_failed_run_reaches_mailboxes_and_services_once(
    box: Mailbox, hook: Endpoint, manage: Manage
) -> None:
    manage.set(**box.settings, BASE_URL="https://cron.example")
    users = subscriber("ann", first_name="Ann"), subscriber("blank", email="")
    job = failing_job(*users, name="A & B's <report>", notify_urls=hook.url)

    for _ in range(2):
        manage("cron")

    assert box.recipients == ["ann@example.com"]
    (mail,) = box.mails
    assert (mail["Subject"], mail["To"]) == ("Error: A & B's <report>", "Ann <ann@example.com>")
    plain, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert "RuntimeError: what happened" in plain.get_content()
    assert html is not None
    assert "A &amp; B&#x27;s &lt;report&gt;" in html.get_content()
    assert f'<a href="https://cron.example/chroniker/log/{run_of(job).pk}' in html.get_content()
    assert len(hook.posted) == 1
    assert "what happened" in hook.posted[0]
    assert states() == [("mail", "sent"), ("services", "sent")]
    assert "secret" not in str(list(Delivery.objects.values()))


def test_a_success_after_a_failure_is_told_as_recovery(box: Mailbox) -> None:
    job = due_job("succeed")
    job.subscribers.add(subscriber())
    known = Trouble(failures=1, since=database_now("default"), told=True)
    Job.objects.update(last_run_successful=False, failures=1, trouble=known.as_json())

    run_due()

    assert [mail["Subject"] for mail in box.mails] == ["Recovered: succeed"]


def test_a_mail_server_that_hangs_delays_neither_jobs_nor_services(
    hook: Endpoint, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chroniker.dispatch.messenger.SECONDS", 60)
    monkeypatch.setattr(sender, "SECONDS", 50)
    monkeypatch.setattr(sender, "TIMEOUT_SECONDS", 1)
    failing_job(subscriber(), notify_urls=hook.url)
    with silent_port() as port:
        use(settings, mail_settings(port))

        run_due()

    assert Log.objects.get().status == "failed"
    assert len(hook.posted) == 1
    mail = Delivery.objects.get(channel="mail")
    assert (mail.status, mail.attempts) == ("pending", 1)
    assert "timed out" in mail.error


def test_what_cannot_be_sent_is_tried_again_later_and_arrives_once(
    box: Mailbox, settings: Settings
) -> None:
    failing_job(subscriber())
    with closed_port() as port:
        use(settings, mail_settings(port))
        run_due()
    assert states() == [("mail", "pending")]
    use(settings, box.settings)

    send()
    assert box.mails == []  # not before its time
    let_time_pass(seconds=61)
    send()
    send()

    assert len(box.mails) == 1
    assert states() == [("mail", "sent")]


def test_a_service_that_answers_500_is_tried_less_and_less_and_given_up_after_three_days() -> None:
    job = due_job()
    with endpoint(500) as broken:
        Job.objects.update(notify_urls=broken.url)
        noted(job)
        sender.send_here("default")
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.attempts) == ("pending", 1)
        assert "500" in delivery.error
        assert broken.url not in delivery.error
        let_time_pass(days=3)
        sender.send_here("default")

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, len(broken.posted)) == ("given_up", 2, 2)


def test_a_sender_that_is_killed_loses_nothing(box: Mailbox, settings: Settings) -> None:
    job = failing_job(subscriber())
    noted(job)
    messenger = Messenger("default")
    with silent_port() as port:
        use(settings, mail_settings(port))
        messenger.wake()
        messenger.look()
        wait_until(lambda: Delivery.objects.filter(status="sending").exists())
        assert messenger.pid is not None
        os.kill(messenger.pid, signal.SIGKILL)
        wait_until(lambda: not messenger.is_at_work)
    use(settings, box.settings)

    send()
    assert box.mails == []  # for all that is known it is being sent
    let_time_pass(seconds=outbox.CLAIMED_FOR.total_seconds() + 1)
    send()

    assert len(box.mails) == 1
    assert states() == [("mail", "sent")]


def test_two_senders_send_it_once(box: Mailbox) -> None:
    noted(failing_job(subscriber()))
    two = Messenger("default"), Messenger("default")
    for messenger in two:
        messenger.wake()
        messenger.look()

    for messenger in two:
        messenger.finish()

    assert len(box.mails) == 1


def test_each_attempt_has_the_same_message_id(box: Mailbox) -> None:
    noted(failing_job(subscriber("ann"), subscriber("bob")))

    send()
    Delivery.objects.update(status="pending", due_at=database_now("default"))
    send()

    ids = [str(mail["Message-ID"]) for mail in box.mails]
    assert len(ids) == 4
    assert len(set(ids)) == 2


@pytest.mark.breaks_invariants("logs are made by hand")
def test_ten_megabytes_of_any_bytes_make_a_short_mail_and_no_header(
    box: Mailbox, hook: Endpoint, settings: Settings
) -> None:
    ann = subscriber("ann", first_name="A\r\nBcc: x@example.com", last_name="\x1b[31m")
    job = failing_job(ann, notify_urls=hook.url)
    Job.objects.filter(pk=job.pk).update(name="n\r\nBcc: y@example.com\x01")
    printed = "\x1b[31m\x07 line \ud7ff\x9b\n" * 700_000 + "the end"
    log = Log.objects.create(job=job, status="failed", success=False, stderr=printed)
    noted(job, log_id=log.pk)

    sender.send_here("default")

    (mail,) = box.mails
    assert box.recipients == ["ann@example.com"]
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Error: n Bcc: y@example.com\N{REPLACEMENT CHARACTER}"
    assert len(mail.as_bytes()) < 2_000_000
    assert "the end" in hook.posted[0]
    assert len(hook.posted[0]) < 20_000


def test_the_log_of_a_run_may_be_gone_before_people_are_told(box: Mailbox) -> None:
    job = failing_job(subscriber())
    noted(job, log_id=4711, details={"status": "lost", "reason": "its host died"})

    send()

    plain = box.mails[0].get_body(("plain",))
    assert plain is not None
    assert "its host died" in plain.get_content()


@pytest.mark.breaks_invariants("logs are made by hand")
def test_what_was_sent_goes_with_its_log_and_what_waits_stays(box: Mailbox) -> None:
    job = failing_job(subscriber())
    logs = [Log.objects.create(job=job, status="failed", success=False) for _ in range(3)]
    for log in logs:
        outbox.note("default", Event.RUN_FAILED, job_id=job.pk, log_id=log.pk)
    send()
    Delivery.objects.filter(notification__log=logs[1].pk).update(status="pending")
    Log.objects.filter(pk__in=[log.pk for log in logs[:2]]).delete()

    outbox.forget_old("default", database_now("default"))

    kept = Notification.objects.order_by("pk").values_list("log", flat=True)
    assert list(kept) == [log.pk for log in logs[1:]]
