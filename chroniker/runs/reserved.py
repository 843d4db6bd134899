"""Small files that have their room on the disk from the start, so that a full one can't stop them.

That holds where files are overwritten in place: not on btrfs and ZFS, which write elsewhere first.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path


def make(path: Path, size: int) -> None:
    """A new file of so many blanks. Raises OSError if there is no room for it."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        _write(file, b"".ljust(size))
    finally:
        os.close(file)


def overwrite(path: Path, text: str, size: int, *, lasting: bool = False) -> None:
    """Write this, filled up with blanks, at once; ``lasting``: also if the power is cut.

    Raises OSError if the file is not there.
    """
    file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _write(file, text.encode("ascii").ljust(size))
        if lasting:
            os.fsync(file)
    finally:
        os.close(file)


def _write(file: int, data: bytes) -> None:
    if os.pwrite(file, data, 0) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
