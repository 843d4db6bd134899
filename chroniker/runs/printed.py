"""What a run prints, held open by whoever reads it, and kept from filling the disk.

Held open, so that all of it can be read even if somebody empties the spool meanwhile.

Of output that is longer than what is stored, the middle is given back to the file system while
the run goes on: a hole is punched into the file. Nothing else moves, so a process that writes at
the same time loses nothing, and what is read at the end is the same as without. Linux only, and
only on file systems that can do it (ext4, XFS, btrfs, tmpfs; not NFS before 4.2); elsewhere the
file keeps all of it until the run is recorded.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chroniker.runs.spool import Spool

WORTHWHILE_BYTES = 1024 * 1024
"""So much has to be in the way before a hole is made (longer)."""

_BLOCK = 4096
_KEEP_SIZE_AND_PUNCH_HOLE = 0x01 | 0x02  # linux/falloc.h


class Stream:
    """One of a run's output streams, as a file that is read by position."""

    def __init__(self, path: Path) -> None:
        self._hole_end = 0
        self._can_free = sys.platform == "linux"
        self.descriptor: int | None = None
        self._fault = errno.ENOENT
        for mode in (os.O_RDWR, os.O_RDONLY):  # the disk may be read-only by now
            try:
                self.descriptor = os.open(path, mode | os.O_CLOEXEC)
                self._identity = _identity(os.fstat(self.descriptor))
                break
            except OSError as error:
                self._fault = error.errno or self._fault

    def size(self) -> int:
        """How much was printed, in bytes. Raises OSError if that cannot be told."""
        if self.descriptor is None:
            raise OSError(self._fault, os.strerror(self._fault))
        found = os.fstat(self.descriptor)
        # In a job's own process, its code may have closed what it does not know.
        if _identity(found) != self._identity:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return found.st_size

    def read(self, start: int, length: int) -> bytes:
        """So many bytes from there, or fewer at the end. Raises OSError."""
        parts = []
        self.size()
        while length > 0 and (part := os.pread(self.descriptor or 0, length, start)):
            parts.append(part)
            start, length = start + len(part), length - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def free_middle(self, head: int, tail: int) -> None:
        """Give back to the file system what is neither in the head nor in the tail."""
        if not self._can_free:
            return
        with suppress(OSError):
            end = (self.size() - tail) // _BLOCK * _BLOCK
            start = -(-head // _BLOCK) * _BLOCK
            if end < self._hole_end:  # the job has cut its own output
                self._hole_end = 0
            if end - max(start, self._hole_end) >= WORTHWHILE_BYTES:
                self._can_free = _punch_hole(self.descriptor or 0, start, end - start)
                self._hole_end = end

    def close(self) -> None:
        """Let go of the file."""
        if self.descriptor is not None:
            with suppress(OSError):
                self.size()
                os.close(self.descriptor)
            self.descriptor = None


class Printed:
    """Both streams of a run."""

    def __init__(self, spool: Spool) -> None:
        self.stdout = Stream(_standing(spool.stdout, 1))
        self.stderr = Stream(_standing(spool.stderr, 2))

    def __iter__(self) -> Iterator[Stream]:
        return iter((self.stdout, self.stderr))

    @property
    def descriptors(self) -> list[int]:
        """The open files."""
        return [one.descriptor for one in self if one.descriptor is not None]

    def size(self) -> int:
        """How much was printed on both, in bytes, as far as that can be told."""
        return sum(size_of(one) for one in self)

    def holds_errors(self) -> bool:
        """Whether anything was written to stderr."""
        return size_of(self.stderr) > 0

    def close(self) -> None:
        """Let go of the files."""
        for one in self:
            one.close()


def size_of(stream: Stream) -> int:
    """How much was printed, in bytes; 0 if that cannot be told."""
    try:
        return stream.size()
    except OSError:
        return 0


def _standing(path: Path, descriptor: int) -> Path:
    """The file, or in the job's own process what is left of it there after its removal."""
    own = Path(f"/proc/self/fd/{descriptor}")
    with suppress(OSError):
        if not path.exists() and str(own.readlink()) == f"{path.resolve()} (deleted)":
            return own
    return path


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _punch_hole(file: int, start: int, length: int) -> bool:
    """Whether the file system has done it."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    try:
        fallocate = libc.fallocate64 if hasattr(libc, "fallocate64") else libc.fallocate
    except AttributeError:
        return False
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return bool(fallocate(file, _KEEP_SIZE_AND_PUNCH_HOLE, start, length) == 0)
