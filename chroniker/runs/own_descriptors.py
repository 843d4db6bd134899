"""Open descriptors of the supervisor that no job's process may keep after a fork."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_ours: set[int] = set()


@contextmanager
def kept(*descriptors: int) -> Iterator[None]:
    """These are the supervisor's own meanwhile."""
    add(*descriptors)
    try:
        yield
    finally:
        forget(*descriptors)


def add(*descriptors: int) -> None:
    """These are the supervisor's own from now on."""
    _ours.update(descriptors)


def forget(*descriptors: int) -> None:
    """These are about to be closed."""
    _ours.difference_update(descriptors)


def close_all() -> None:
    """In a forked process: close what is the supervisor's."""
    for descriptor in _ours:
        with suppress(OSError):
            os.close(descriptor)
    _ours.clear()
