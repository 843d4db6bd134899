"""Notifications, each sent by a process of its own."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from django.db import connections

from chroniker import settings
from chroniker.runs.spool import Spool

logger = logging.getLogger("chroniker.messenger")

SECONDS = 60
"""How long telling people of one run may take."""


class Ended(Protocol):
    """A run whose end is recorded."""

    @property
    def database(self) -> str: ...

    @property
    def log_id(self) -> int: ...

    @property
    def lock_file(self) -> str: ...


class Messenger:
    """Tells people of ended runs; a mail server that hangs must not hold up the watching.

    A run's folder is removed when people were told of it, or that was given up: until then it
    reminds the next tick to tell them, should all of us die.
    """

    def __init__(self) -> None:
        self._sending: list[tuple[BaseProcess, Spool]] = []

    def tell(self, run: Ended) -> None:
        """Notify of this run."""
        connections.close_all()
        context: Any = multiprocessing.get_context(settings.start_method())
        process = context.Process(target=_send, args=(run.database, run.log_id, run.lock_file))
        process.start()
        self._sending.append((process, Spool.of(run.lock_file)))

    def finish(self) -> None:
        """Wait until people have been told of everything, or that was given up."""
        for process, _spool in self._sending:
            process.join()
        self.reap()

    def reap(self) -> None:
        """Forget the processes that are done."""
        for process, spool in [one for one in self._sending if one[0].exitcode is not None]:
            if process.exitcode:
                logger.error("nobody could be told of an end: status %s", process.exitcode)
                spool.remove()  # not again and again
            self._sending.remove((process, spool))
            process.close()


def _send(database: str, log_id: int, lock_file: str) -> None:
    from django.apps import apps

    if not apps.ready:
        import django

        django.setup()
    from chroniker import notifications
    from chroniker.runs import confirmation, own_descriptors, processes

    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    # Ctrl-C is for the scheduler; the message about what it stopped is still sent.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    own_descriptors.close_all()
    confirmation.close_all()
    # Ends this process, not the mail server's silence: `cron` waits for us before it exits.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    spool = Spool.of(lock_file)
    spool.write_teller(os.getpid(), processes.created(os.getpid()))
    notifications.notify_of(database, log_id)
    spool.remove()
    connections.close_all()
