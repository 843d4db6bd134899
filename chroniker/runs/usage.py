"""What this process and the programs it has waited for have taken up."""

from __future__ import annotations

import resource
import sys

from chroniker.runs.spool import Usage

_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


class Meter:
    """Measures a run: since its process began, or (``shared``) since this object was made.

    A process that is shared with others has no peak of the run's own.
    """

    def __init__(self, *, shared: bool = False) -> None:
        self._shared = shared
        self._before = _cpu_seconds() if shared else 0.0

    def read(self) -> Usage:
        """What was taken up until now."""
        peak = None if self._shared else _peak_bytes()
        return Usage(cpu_seconds=max(0.0, _cpu_seconds() - self._before), peak_memory_bytes=peak)


def _cpu_seconds() -> float:
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


def _peak_bytes() -> int:
    # Of all programs that were waited for, the system tells the largest.
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_maxrss for part in parts) * _PEAK_UNIT
