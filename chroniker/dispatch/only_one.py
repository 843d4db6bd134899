"""One ``cron`` at a time on a host, for projects that want it (``CHRONIKER_USE_PID``)."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chroniker import settings
from chroniker.exceptions import SpoolError
from chroniker.runs import own_descriptors
from chroniker.spool_root import prepare_root


@contextmanager
def only_one() -> Iterator[bool]:
    """Whether no other ``cron`` works on this host; none can begin to meanwhile.

    The kernel's lock on the file decides, not what is written in it, so there is no moment in
    which two can hold it, and nothing to clear up after a crash. Raises SpoolError if the file
    can't be used.
    """
    if not settings.CHRONIKER_USE_PID:
        yield True
        return
    path = _path()
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SpoolError(f"CHRONIKER_PID_FN: cannot open {path}: {error.strerror}") from error
    # A job forked by us must not hold the lock when we are gone.
    with own_descriptors.kept(file):
        try:
            yield _lock(file)
        finally:
            os.close(file)


def _path() -> Path:
    if settings.CHRONIKER_PID_FN:
        return Path(settings.CHRONIKER_PID_FN)
    return prepare_root() / "cron.pid"


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    os.ftruncate(file, 0)
    os.pwrite(file, b"%d\n" % os.getpid(), 0)
    return True
