"""The process that sends what is in the outbox; at most one for each scheduler's process."""

from __future__ import annotations

import logging
import multiprocessing
from multiprocessing.process import BaseProcess
from typing import Any

from django.db import connections

from chroniker import settings
from chroniker.dispatch import sender_process
from chroniker.host import uptime
from chroniker.models.database_clock import database_now
from chroniker.models.hiccups import HICCUPS
from chroniker.notifications import outbox
from chroniker.notifications.sender import SECONDS
from chroniker.runs.deadline import deadline

logger = logging.getLogger("chroniker.messenger")

PAUSE_SECONDS = 10.0
"""How long a sender is not replaced that has left something undone."""

_DATABASE_SECONDS = 4.0


class Messenger:
    """Has people told of what is in the outbox; a mail server that hangs holds up nobody here.

    Nothing is lost with the process, nor with us: what is still in the outbox is any later
    sender's, on any host.
    """

    def __init__(self, database: str) -> None:
        self._database = database
        self._process: BaseProcess | None = None
        self._is_wanted = False
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        """The sender's process, if one is at work."""
        return self._process.pid if self.is_at_work and self._process else None

    @property
    def is_at_work(self) -> bool:
        """Whether a sender is at work."""
        return self._process is not None and self._process.is_alive()

    def wake(self) -> None:
        """There may be something in the outbox."""
        self._is_wanted = True

    def look(self) -> None:
        """Start a sender if there is something for it, and none is at work."""
        self._reap()
        if self._process is None and self._is_wanted and uptime() >= self._not_before:
            self._is_wanted = False
            if self._has_work():
                self._start()

    def finish(self) -> None:
        """Let what is due be sent; ends after :data:`SECONDS`, and the rest is sent later."""
        ends = uptime() + SECONDS
        self._not_before = 0.0
        self.look()
        while self._process is not None and (left := ends - uptime()) > 0:
            self._process.join(left)
            self.look()
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _has_work(self) -> bool:
        try:
            with deadline(_DATABASE_SECONDS):
                return outbox.pending(self._database, database_now(self._database))
        except HICCUPS as error:
            logger.warning("people are told later: %s", error)
            connections[self._database].close_if_unusable_or_obsolete()
            return False

    def _start(self) -> None:
        connections.close_all()
        context: Any = multiprocessing.get_context(settings.start_method())
        self._process = context.Process(target=sender_process.main, args=(self._database,))
        self._process.start()

    def _reap(self) -> None:
        process = self._process
        if process is None or process.exitcode is None:
            return
        if process.exitcode:
            logger.error("the sender ended early: status %s", process.exitcode)
            self._not_before = uptime() + PAUSE_SECONDS
        self._process = None
        process.close()
