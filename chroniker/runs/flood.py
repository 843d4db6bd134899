"""Jobs that print faster than anybody reads: looked at in time, so that no disk is filled."""

from __future__ import annotations

from collections.abc import Iterable

from chroniker.host import uptime
from chroniker.runs import capture
from chroniker.runs.live import LiveRun

SOONEST_SECONDS = 0.02
"""How long until the next look while a run prints fast, or has just begun to run."""

LATEST_SECONDS = 1.0
"""How long until the next look while none does."""

FAST_BYTES = 4 * 1024 * 1024
"""Printed per second; what is slower can't fill much between two looks."""


class Flood:
    """Frees the middle of long outputs, the more often the faster they grow."""

    def __init__(self) -> None:
        self._pause = LATEST_SECONDS
        self._looked = uptime()
        self._sizes: dict[str, int] = {}

    def expect(self) -> None:
        """A run has begun: who knows how much it prints."""
        self._pause = SOONEST_SECONDS

    def seconds_until_look(self) -> float:
        """How long until :meth:`look` has something to do."""
        return max(0.0, self._looked + self._pause - uptime())

    def look(self, runs: Iterable[LiveRun]) -> None:
        """Free what nobody will read."""
        now = uptime()
        sizes = {}
        for live in runs:
            token, size = live.run.token, live.printed.size()
            if size != self._sizes.get(token):
                capture.free_what_is_left_out(live.printed)
            sizes[token] = size
        grown = [size - self._sizes.get(token, 0) for token, size in sizes.items()]
        fast = max(grown, default=0) >= FAST_BYTES * (now - self._looked)
        self._pause = SOONEST_SECONDS if fast else min(LATEST_SECONDS, 2 * self._pause)
        self._looked, self._sizes = now, sizes
