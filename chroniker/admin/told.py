"""What the admin says of notifications elsewhere than in their own list, and who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from chroniker import constants, permissions, write_database
from chroniker.admin import display
from chroniker.constants import Event
from chroniker.models import Delivery, Log, Notification
from chroniker.models.database_clock import database_now
from chroniker.models.delivery import Sending
from chroniker.notifications import outbox

_SHOWN = 20
_PILLS = {
    Sending.PENDING: "waiting",
    Sending.SENDING: "running",
    Sending.SENT: "succeeded",
    Sending.GIVEN_UP: "failed",
}


def may_view(request: HttpRequest) -> bool:
    """Whether this person may see who is told of what."""
    return permissions.may_view(request.user, Delivery)


def may_send(request: HttpRequest) -> bool:
    """Whether this person may have something sent."""
    return permissions.may(request.user, "change", Delivery)


def state(delivery: Delivery) -> str:
    """How it stands, and how often it was tried."""
    status = Sending(delivery.status)
    detail = "" if status == Sending.SENT else _("attempts: %d") % delivery.attempts
    return display.pill(_PILLS[status], str(status.label), detail)


def of_run(log: Log, site: Any) -> str:
    """What was told of a run, and to whom; or why nobody was told."""
    notifications = Notification.objects.filter(log=log).order_by("pk")
    rows = list(notifications.prefetch_related("deliveries")[:_SHOWN])
    if not rows:
        return display.NOTHING
    return display.lines(line for row in rows for line in _lines(row, site))


def _lines(notification: Notification, site: Any) -> Iterator[str]:
    label = display.strong(str(notification.get_event_display()))
    deliveries = list(notification.deliveries.all())[:_SHOWN]
    if notification.expanded is None:
        yield display.words((label, _("is about to be told.")))
    elif not deliveries:
        why = display.visible(notification.decision) or _("nobody wants to hear of it.")
        yield display.words((label, why))
    for delivery in deliveries:
        name = display.visible(f"{delivery.channel}: {delivery.recipient}")
        if site.is_registered(Delivery):
            url = reverse(
                "admin:chroniker_delivery_change", args=(delivery.pk,), current_app=site.name
            )
            name = display.link(url, name)
        yield display.words((label, name, state(delivery)))


def note_test(request: HttpRequest, job_id: int | None = None) -> None:
    """Put a test into the outbox: to who asks for it by mail, and to services."""
    person: Any = request.user
    address = getattr(person, person.get_email_field_name(), "")
    by = person.get_username()[: constants.LONGEST_USERNAME]
    database = write_database.alias()
    outbox.note(
        database,
        Event.TEST,
        now=database_now(database),
        job_id=job_id,
        details={"to": address, "reason": _("%s has asked for this test.") % by},
    )
