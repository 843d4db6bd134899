"""From what has happened to a delivery for each who is to hear of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from chroniker import events
from chroniker.constants import EVENT_OF_END, NOT_FOR_PEOPLE, Event
from chroniker.models import Delivery, Notification
from chroniker.models.delivery import LONGEST_RECIPIENT
from chroniker.models.hiccups import passes
from chroniker.moments import to_stored
from chroniker.notifications import policy
from chroniker.notifications.channels import Channel, channels

logger = logging.getLogger("chroniker.notifications")


def expand(database: str, pk: int, now: datetime) -> bool:
    """Expand this notification, in one transaction; False if somebody else has.

    A channel that cannot say who is to hear of it keeps no other one back. Raises the database's
    errors; nothing is half done then.
    """
    with transaction.atomic(using=database):
        mine = Notification.objects.using(database).unexpanded().filter(pk=pk)
        if not mine.update(expanded=to_stored(now)):
            return False
        rows = Notification.objects.using(database).select_related("job", "log")
        notification = rows.get(pk=pk)
        decision = _decision(notification)
        words = [decision.reason] if decision.reason else []
        found: list[Delivery] = []
        for name, channel in channels().items():
            if channel.is_for_people and not decision.tells:
                continue
            try:
                found += _deliveries(notification, name, channel, now)
            except Exception as error:
                if passes(error):
                    raise
                logger.exception("notification=%s nobody hears of it over %s", pk, name)
                words.append(f"{name}: {type(error).__name__}: {error}")
        Delivery.objects.using(database).bulk_create(found, ignore_conflicts=True)
        notification.decision = "\n".join(words)
        if decision.lines:
            notification.details |= {"lines": list(decision.lines)}
        notification.save(using=database, update_fields=["decision", "details"])
    _log(notification)
    return True


_LOGGED_AS_RUNS = frozenset((Event.RUN_STARTED, *EVENT_OF_END.values()))
"""What is logged where it happens, whether anybody is to hear of it or not."""


def _log(notification: Notification) -> None:
    """Log this as an event; here, for it is expanded once, but may be noted again and again."""
    if notification.event in _LOGGED_AS_RUNS:
        return
    events.write(
        notification.event,
        job_id=notification.job_id,
        job=notification.job.name if notification.job else None,
        run_id=notification.log_id,
        host=notification.hostname or None,
        details=notification.details or None,
    )


def _decision(notification: Notification) -> policy.Decision:
    """What the policy says; if it fails, and of a test, people are told."""
    if notification.event in NOT_FOR_PEOPLE:
        return policy.Decision(tells=False)
    if notification.event == Event.TEST:
        return policy.Decision(tells=True)
    try:
        with transaction.atomic(using=notification._state.db):
            return policy.decide(notification)
    except Exception as error:
        if passes(error):
            raise
        logger.exception("notification=%s the policy failed", notification.pk)
        return policy.Decision(tells=True, reason=f"{type(error).__name__}: {error}")


def _deliveries(
    notification: Notification, name: str, channel: Channel, now: datetime
) -> Iterator[Delivery]:
    with transaction.atomic(using=notification._state.db):
        recipients = list(channel.recipients(notification))
    for recipient in dict.fromkeys(recipients):
        yield Delivery(
            notification=notification,
            channel=name,
            recipient=recipient[:LONGEST_RECIPIENT],
            due_at=to_stored(now),
        )
