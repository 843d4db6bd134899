"""Who was told of what: seen, tried again and tested by whom that is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chroniker.constants import Event, Status
from chroniker.models import Delivery, Notification
from tests.admin import people, rows

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
]

LIST = "admin:chroniker_delivery_changelist"


def client(name: str, *more: str) -> Client:
    """What that person's browser sends."""
    browser = Client()
    browser.force_login(people.user(name, *more))
    return browser


def delivery(**values: Any) -> Delivery:
    """A message about a failed run, with texts that want to be markup."""
    job = rows.job("<b>nightly</b>")
    log = rows.log(job, status=Status.FAILED)
    note = Notification.objects.create(event=Event.RUN_FAILED, job=job, log=log)
    values = {"channel": "mail", "recipient": "<i>@example.com", "error": "<u>refused", **values}
    made: Delivery = Delivery.objects.create(notification=note, **values)
    return made


def test_the_list_tells_who_was_told_of_what_and_escapes_it() -> None:
    delivery(status="given_up", attempts=9)

    page = client("superuser").get(reverse(LIST)).content.decode()

    for text in ("&lt;b&gt;nightly", "&lt;i&gt;@example.com", "&lt;u&gt;refused", "Given up"):
        assert text in page
    assert "<i>@" not in page


def test_what_was_given_up_is_tried_again_on_request() -> None:
    given_up, sent = delivery(status="given_up"), delivery(status="sent")

    client("superuser").post(
        reverse(LIST),
        {"action": "try_again", "_selected_action": [given_up.pk, sent.pk]},
    )

    given_up.refresh_from_db()
    sent.refresh_from_db()
    assert (given_up.status, sent.status) == ("pending", "sent")


def test_who_may_only_look_has_no_buttons() -> None:
    one = delivery(status="given_up")
    browser = client("staff", "view_delivery")

    page = browser.get(reverse(LIST)).content.decode()
    browser.post(reverse(LIST), {"action": "try_again", "_selected_action": [one.pk]})

    assert "Send a test" not in page
    one.refresh_from_db()
    assert one.status == "given_up"


def test_a_test_goes_to_who_asks_for_it_and_to_services() -> None:
    person = people.user("staff", "change_delivery")
    person.email = "me@example.com"
    person.save()
    browser = Client()
    browser.force_login(person)

    browser.post(reverse("admin:chroniker_delivery_test"))

    note = Notification.objects.get()
    assert (note.event, note.details["to"]) == (Event.TEST, "me@example.com")


def test_the_page_of_a_run_says_who_was_told_of_it_to_whom_that_is_allowed() -> None:
    one = delivery(status="sent", recipient="ann@example.com")
    url = reverse("admin:chroniker_log_change", args=[one.notification.log_id])

    assert "mail: ann@example.com" in client("superuser").get(url).content.decode()
    assert "ann@example.com" not in client("viewer").get(url).content.decode()


def test_the_page_of_a_run_says_why_nobody_was_told() -> None:
    one = delivery()
    Delivery.objects.all().delete()
    Notification.objects.update(decision="known <already>", expanded=one.due_at)
    url = reverse("admin:chroniker_log_change", args=[one.notification.log_id])

    page = client("superuser").get(url).content.decode()

    assert "known &lt;already&gt;" in page
