"""A limit for waiting on a database that does not answer."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.db import InterfaceError

from chroniker.host import uptime

_AT_ONCE = 0.001

_holding: list[float] = []  # when those that hold would ring, the soonest last


class DatabaseSilent(InterfaceError):
    """The database did not answer in time; the connection must be closed."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise DatabaseSilent in the code inside if it takes longer than so many seconds.

    A frozen server or a network that swallows packets would otherwise hold up the one loop that
    has to end runs whose lease can't be renewed. Works by an alarm signal, so only in the main
    thread, and only where the database driver waits in Python (psycopg 3, PyMySQL; SQLite has a
    time limit of its own); elsewhere it has no effect. One inside another never lasts longer.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise DatabaseSilent(f"no answer within {seconds:g} s")

    started = uptime()
    rings_at = min([started + seconds, *_holding[-1:]])
    if rings_at == math.inf:
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, max(_AT_ONCE, rings_at - started))
    _holding.append(rings_at)
    try:
        yield
    finally:
        _holding.pop()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before or signal.SIG_DFL)
        if left:  # an alarm of the caller's own
            signal.setitimer(
                signal.ITIMER_REAL, max(_AT_ONCE, left - (uptime() - started)), interval
            )
