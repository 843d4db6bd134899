"""Database errors that pass by themselves: locks, deadlocks, lost connections, restarts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    ProgrammingError,
    connections,
)

T = TypeVar("T")

HICCUPS = (DatabaseError, InterfaceError)
"""What a database raises that may be gone in a moment (and some that will not; see below)."""

_LASTING = (IntegrityError, DataError, ProgrammingError, NotSupportedError)

TRIES = 5
FIRST_PAUSE_SECONDS = 0.05


def passes(error: Exception) -> bool:
    """Whether it is worth trying again after this error."""
    return isinstance(error, HICCUPS) and not isinstance(error, _LASTING)


def with_retries(using: str, action: Callable[[], T]) -> T:
    """Do this, again after a pause if the database hiccups; the last error is raised.

    ``action`` must be safe to repeat. Inside a transaction of the caller's nothing is tried
    again: it is broken by then.
    """
    pause = FIRST_PAUSE_SECONDS
    for attempt in range(1, TRIES + 1):
        try:
            return action()
        except HICCUPS as error:
            connection = connections[using]
            if connection.in_atomic_block or attempt == TRIES or not passes(error):
                raise
            connection.close_if_unusable_or_obsolete()
        # Not in step with those who collided with us.
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
        pause *= 2
    raise AssertionError("unreachable")
