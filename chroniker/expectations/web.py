"""A web process that finds that no scheduler ticks: nobody else can tell people then."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from datetime import datetime
from functools import partial

from django.db import connections, transaction

from chroniker.expectations import silence
from chroniker.host import uptime
from chroniker.models import Host, Standing
from chroniker.models.hiccups import HICCUPS

logger = logging.getLogger("chroniker.expectations")

EVERY_SECONDS = 60.0
"""So often at most a process stores or sends anything."""

_looked_at: dict[str, float] = {}
_sending = threading.Lock()


def look(database: str, hosts: Collection[Host], now: datetime) -> None:
    """Note that no scheduler ticks, if that is so, and send what there is to be sent.

    It costs nothing while one does: ``hosts`` are those that a page has loaded anyway.
    """
    if silence.anybody_ticks(hosts, now):
        return
    looked_at = _looked_at.get(database)
    if looked_at is not None and uptime() - looked_at < EVERY_SECONDS:
        return
    _looked_at[database] = uptime()
    try:
        if Standing.read(database).is_held:
            return  # of a copy nobody expects ticks
        with transaction.atomic(using=database):  # the page goes on, whatever becomes of this
            is_noted = silence.note_everywhere(database, hosts, now)
    except HICCUPS as error:
        logger.warning("that no scheduler ticks could not be noted: %s", error)
        return
    if is_noted:
        # Whoever asked for the page does not wait for a mail server.
        transaction.on_commit(partial(_start_sending, database), using=database)


def _start_sending(database: str) -> None:
    name = "chroniker-silence"
    threading.Thread(target=_send, args=(database,), name=name, daemon=True).start()


def _send(database: str) -> None:
    from chroniker.notifications.sender import send_here

    if not _sending.acquire(blocking=False):
        return
    try:
        send_here(database)
    finally:
        _sending.release()
        connections.close_all()
