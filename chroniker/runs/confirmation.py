"""When a run's claim was last confirmed, in memory that its watcher and its own process share."""

from __future__ import annotations

import mmap
import struct
import sys
import weakref
from pathlib import Path
from typing import Any

from chroniker import settings
from chroniker.host import uptime

_NAME = "confirmed"
_MOMENT = struct.Struct("d")  # in this machine's own order: stored and read in one piece

# A mapping needs no descriptor, but before 3.13 Python keeps one.
_WITHOUT_DESCRIPTOR: dict[str, Any] = {"trackfd": False} if sys.version_info >= (3, 13) else {}


class Confirmation:
    """When the claim, or the last renewal that the database confirmed, was *sent*.

    By the host's clock for durations. The page of a file in the run's folder, mapped: to write it
    needs no room on the disk, and it stays when the folder is removed and when a command closes
    every descriptor. Raises OSError if the folder has none.
    """

    def __init__(self, folder: Path) -> None:
        with (folder / _NAME).open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), _MOMENT.size, **_WITHOUT_DESCRIPTOR)
        _open.add(self)

    @classmethod
    def make(cls, folder: Path, sent: float) -> Confirmation:
        """A new one in this folder. Raises OSError if the disk does not let us."""
        with (folder / _NAME).open("xb") as file:
            file.write(_MOMENT.pack(sent))
        return cls(folder)

    def close(self) -> None:
        """Let go of it; it can't be asked any more."""
        self._page.close()
        _open.discard(self)

    @property
    def sent(self) -> float:
        """The moment."""
        moment: float = _MOMENT.unpack_from(self._page)[0]
        return moment

    @sent.setter
    def sent(self, moment: float) -> None:
        _MOMENT.pack_into(self._page, 0, moment)

    @property
    def is_too_old(self) -> bool:
        """Whether the run has to be told to end: its lease could run out before it is gone."""
        return self.is_older_than(settings.fence_seconds())

    def is_older_than(self, seconds: float) -> bool:
        """Whether so much time has passed since."""
        return uptime() - self.sent >= seconds

    @property
    def grace(self) -> float:
        """How many seconds a run that is told to end for this may still take."""
        killed = settings.fence_seconds() + settings.CHRONIKER_KILL_GRACE_SECONDS
        left: float = self.sent + killed - uptime()
        return max(0.0, left)


_open: weakref.WeakSet[Confirmation] = weakref.WeakSet()


def close_all() -> None:
    """In a forked process: let go of those of the supervisor's runs."""
    for one in list(_open):
        one.close()
