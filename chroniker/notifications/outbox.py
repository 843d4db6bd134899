"""What people must hear of: stored in the transaction of what happened, and sent later.

A notification is expanded into deliveries. A delivery is claimed by who sends it, with a token and
with the moment from which somebody else may try; it is tried again and again until it is sent or
given up. Moments are aware, by the database's clock.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from chroniker import events
from chroniker.constants import Event
from chroniker.models import Delivery, Log, Notification
from chroniker.models.delivery import Sending
from chroniker.models.notification import LONGEST_KEY
from chroniker.moments import stored_after, to_instant, to_stored, utc_now

logger = logging.getLogger("chroniker.notifications")

CLAIMED_FOR = timedelta(seconds=120)
"""After this a sender that has not reported back counts as dead; longer than one can live."""

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
KEPT_FOR = timedelta(days=30)

_AT_ONCE = 500
_LONGEST_ERROR = 2000


def note(
    database: str,
    event: Event,
    *,
    now: datetime | None = None,
    job_id: int | None = None,
    log_id: int | None = None,
    key: str | None = None,
    details: Mapping[str, Any] | None = None,
    hostname: str = "",
    decision: str = "",
) -> None:
    """Store that this has happened, for the sender; one INSERT in the caller's transaction.

    What has a ``key`` happens once: a second time is no error, and stores nothing. ``now`` is
    aware (None: this host's clock); ``details`` are few plain values and hold no secrets.
    ``decision`` is why people are not to be told of it; what is not for people hears all the same.
    """
    row = Notification(
        event=event,
        job_id=job_id,
        log_id=log_id,
        key=None if key is None else key[:LONGEST_KEY],
        details=dict(details or {}),
        hostname=hostname,
        decision=decision,
        created=to_stored(now or utc_now()),
    )
    # One statement, which also leaves a transaction of PostgreSQL whole.
    Notification.objects.using(database).bulk_create([row], ignore_conflicts=True)


def pending(database: str, now: datetime) -> bool:
    """Whether there is anything to expand or to send at ``now``."""
    return (
        Notification.objects.using(database).unexpanded().exists()
        or Delivery.objects.using(database).due(now).exists()
    )


def unexpanded(database: str) -> list[int]:
    """What nobody has decided about yet, oldest first."""
    rows = Notification.objects.using(database).unexpanded().order_by("pk")
    return list(rows.values_list("pk", flat=True)[:_AT_ONCE])


def due(database: str, now: datetime) -> list[Delivery]:
    """What is to be sent at ``now``; what has not been tried yet comes first."""
    rows = Delivery.objects.using(database).due(now)
    return list(rows.order_by("attempts", "due_at", "pk")[:_AT_ONCE])


def claim(database: str, pk: int, now: datetime) -> Delivery | None:
    """Become the one who sends it; None if somebody else does, or has."""
    delivery = Delivery.objects.using(database).due(now).filter(pk=pk).first()
    if delivery is None:
        return None
    token = uuid.uuid4().hex
    again = stored_after(now, max(CLAIMED_FOR, pause_after(delivery.attempts + 1)))
    claimed = Delivery.objects.using(database).due(now).filter(pk=pk)
    if not claimed.update(
        status=Sending.SENDING, token=token, attempts=F("attempts") + 1, due_at=again
    ):
        return None
    delivery.token, delivery.attempts = token, delivery.attempts + 1
    return delivery


def mark_sent(database: str, delivery: Delivery, now: datetime) -> None:
    """It has been sent, by who holds its token."""
    _held(database, delivery).update(
        status=Sending.SENT, token=None, error="", sent_at=to_stored(now)
    )
    _log("notification_sent", delivery)


def mark_failed(
    database: str, delivery: Delivery, error: str, now: datetime, *, for_good: bool = False
) -> bool:
    """It could not be sent; returns whether it is given up. ``for_good``: later will not help."""
    noted = to_instant(delivery.notification.created)
    gives_up = for_good or now - noted >= GIVEN_UP_AFTER
    _held(database, delivery).update(
        status=Sending.GIVEN_UP if gives_up else Sending.PENDING,
        token=None,
        error=error[:_LONGEST_ERROR],
        due_at=stored_after(now, pause_after(delivery.attempts)),
    )
    if gives_up:
        _log("notification_given_up", delivery, reason=error)
    return gives_up


def _log(event: str, delivery: Delivery, **facts: Any) -> None:
    notification = delivery.notification
    events.write(
        event,
        about=notification.event,
        notification_id=notification.pk,
        job_id=notification.job_id,
        job=notification.job.name if notification.job else None,
        run_id=notification.log_id,
        channel=delivery.channel,
        recipient=delivery.recipient,
        attempt=delivery.attempts,
        **facts,
    )


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, then twice as long each time."""
    doubled: int = 2 ** min(attempts - 1, 10)
    return min(LONGEST_PAUSE, FIRST_PAUSE * doubled)


def _held(database: str, delivery: Delivery) -> Any:
    return Delivery.objects.using(database).filter(pk=delivery.pk, token=delivery.token)


def forget_old(database: str, now: datetime) -> int:
    """Delete what is settled and a month old, or whose log is gone; the oldest rows first."""
    rows = Notification.objects.using(database).filter(expanded__isnull=False).order_by("pk")
    oldest = list(rows.only("log", "created")[:_AT_ONCE])
    known = {row.log_id for row in oldest if row.log_id is not None}
    there = set(Log.objects.using(database).filter(pk__in=known).values_list("pk", flat=True))
    over = {
        row.pk
        for row in oldest
        if now - to_instant(row.created) > KEPT_FOR or row.log_id in known - there
    }
    if not over:
        return 0
    open_ones = Delivery.objects.using(database).filter(notification__in=over).unsettled()
    over -= set(open_ones.values_list("notification", flat=True))
    gone, _ = Notification.objects.using(database).filter(pk__in=over).delete()
    return gone
