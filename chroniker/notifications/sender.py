"""Sends what is due, to each receiver in a thread of its own: one that hangs delays only itself.

The whole of it has :data:`SECONDS`. What is being sent then, or when the process is killed, is
tried again later, by any sender on any host.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connections

from chroniker.host import uptime
from chroniker.models import Delivery, Notification, Standing
from chroniker.models.database_clock import database_now
from chroniker.models.hiccups import HICCUPS, with_retries
from chroniker.notifications import outbox
from chroniker.notifications.channels import TIMEOUT_SECONDS, Channel, Hopeless, channels
from chroniker.notifications.expansion import expand

logger = logging.getLogger("chroniker.notifications")

SECONDS = 60
"""How long a sender may live."""

SLOW_SECONDS = 10.0
"""After an attempt that failed so slowly the receiver is left alone by this sender."""

MOST_AT_ONCE = 16
_LOOK_SECONDS = 0.5


def send_due(database: str) -> None:
    """Expand and send whatever is due there, and what comes meanwhile.

    For a process of its own: threads may still hang when it returns, and sockets have a time
    limit from now on.
    """
    if Standing.read(database).is_held:
        return
    socket.setdefaulttimeout(TIMEOUT_SECONDS)
    _Lanes(database).work()
    outbox.forget_old(database, database_now(database))


def send_here(database: str, *, log_id: int | None = None) -> None:
    """Do this in the calling process and thread, one after the other; only of this run, if given.

    Never raises: what cannot be sent now is sent later.
    """
    try:
        if log_id is None and Standing.read(database).is_held:
            return
        with _limited_sockets():
            _send_here(database, log_id)
    except HICCUPS as error:
        logger.warning("what is to be told is told later: %s", error)
        connections[database].close_if_unusable_or_obsolete()
    except Exception:
        logger.exception("what is to be told is told later")


def _send_here(database: str, log_id: int | None) -> None:
    now = database_now(database)
    notifications = Notification.objects.using(database).unexpanded().order_by("pk")
    deliveries = Delivery.objects.using(database).due(now).order_by("pk")
    if log_id is not None:
        notifications = notifications.filter(log=log_id)
        deliveries = deliveries.filter(notification__log=log_id)
    for pk in list(notifications.values_list("pk", flat=True)):
        expand(database, pk, now)
    ends = uptime() + SECONDS
    for delivery in list(deliveries):
        if uptime() < ends:
            _attempt(database, delivery.pk)


@contextmanager
def _limited_sockets() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(before or TIMEOUT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _attempt(database: str, pk: int) -> bool:
    """Try to send this delivery; whether it went well, or was nothing to do."""
    delivery = outbox.claim(database, pk, database_now(database))
    if delivery is None:
        return True
    rows = Notification.objects.using(database).select_related("job", "log")
    notification = rows.filter(pk=delivery.notification_id).first()
    if notification is None:
        return True  # deleted in this moment, and this with it
    delivery.notification = notification
    try:
        _channel_of(delivery).send(delivery.notification, delivery.recipient)
    except Exception as error:  # noqa: BLE001 - receivers, and the project's own code
        _failed(database, delivery, error)
        return False
    # Only between the receiver's answer and this can it be sent twice.
    with_retries(database, lambda: outbox.mark_sent(database, delivery, database_now(database)))
    logger.info("delivery=%s %s sent", pk, delivery.channel)
    return True


def _channel_of(delivery: Delivery) -> Channel:
    channel = channels().get(delivery.channel)
    if channel is None:
        raise Hopeless(f"there is no channel {delivery.channel} here")
    return channel


def _failed(database: str, delivery: Delivery, error: Exception) -> None:
    words = str(error) if isinstance(error, Hopeless) else f"{type(error).__name__}: {error}"
    gives_up = with_retries(
        database,
        lambda: outbox.mark_failed(
            database,
            delivery,
            words,
            database_now(database),
            for_good=isinstance(error, Hopeless),
        ),
    )
    level = logging.ERROR if gives_up else logging.WARNING
    what = "is given up" if gives_up else "is tried again later"
    logger.log(level, "delivery=%s %s %s: %s", delivery.pk, delivery.channel, what, words)


class _Lanes:
    """One thread for each receiver that something is due for."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._closes = uptime() + SECONDS - TIMEOUT_SECONDS
        self._threads: dict[tuple[str, str], threading.Thread] = {}
        self._slow: set[tuple[str, str]] = set()
        self._ended = threading.Event()

    def work(self) -> None:
        """Go on until nothing is due for those who answer; begin nothing that could not end."""
        ends = self._closes + TIMEOUT_SECONDS
        while uptime() < ends:
            self._ended.clear()
            started = uptime() < self._closes and self._look()
            self._threads = {lane: one for lane, one in self._threads.items() if one.is_alive()}
            if not started and not self._threads:
                return
            self._ended.wait(_LOOK_SECONDS)

    def _look(self) -> bool:
        """Expand what is new, and start a thread for each lane that has none; whether any was."""
        database = self._database
        now = database_now(database)
        for pk in outbox.unexpanded(database):
            self._expand(pk, now)
        waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
        for delivery in outbox.due(database, now):
            waiting[_lane_of(delivery)].append(delivery.pk)
        started = False
        for lane, deliveries in waiting.items():
            idle = lane not in self._slow and lane not in self._threads
            if idle and len(self._threads) < MOST_AT_ONCE:
                thread = threading.Thread(target=self._go, args=(lane, deliveries), daemon=True)
                self._threads[lane] = thread
                thread.start()
                started = True
        return started

    def _expand(self, pk: int, now: datetime) -> None:
        try:
            expand(self._database, pk, now)
        except HICCUPS as error:
            logger.warning("notification=%s is told later: %s", pk, error)
            connections[self._database].close_if_unusable_or_obsolete()

    def _go(self, lane: tuple[str, str], deliveries: list[int]) -> None:
        try:
            for pk in deliveries:
                if uptime() >= self._closes:
                    break
                begun = uptime()
                if not _attempt(self._database, pk) and uptime() - begun > SLOW_SECONDS:
                    self._slow.add(lane)
                    break
        except Exception:
            logger.exception("sending over %s ended early", lane[0])
            self._slow.add(lane)
        finally:
            connections.close_all()
            self._ended.set()


def _lane_of(delivery: Delivery) -> tuple[str, str]:
    """What can hang as one: the mail server, or the service."""
    channel = channels().get(delivery.channel)
    shared = channel is None or channel.has_one_receiver
    return delivery.channel, "" if shared else delivery.recipient
