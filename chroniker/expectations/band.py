"""What the runs of a job usually are like, and from where on one of them is unusual. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

ENOUGH = 10
"""Of fewer runs nothing is learned."""

LEAST_GRACE = timedelta(minutes=5)
"""A job that is late by less is not late: a tick or two may have been missed."""

UNLEARNED_GRACE = timedelta(minutes=15)
"""How late a job may be that has not run often enough to learn from."""

LEAST_LONG = timedelta(minutes=5)
"""A run that takes less than this is never too long."""

WORTH_TIMING = timedelta(minutes=1)
"""A job that usually takes less than this has no runs that are too short."""

_NEAR_ALL = 0.95
_MOST = 0.9


@dataclass(frozen=True, kw_only=True)
class Band:
    """The last runs of a job: how long the good ones took, and how late runs began.

    ``shortest`` and ``longest`` leave out the twentieth part at either end. ``lateness`` is what
    nine of ten runs by schedule kept to; a single outage is not learned from.
    """

    runs: int = 0
    median: timedelta = timedelta()
    shortest: timedelta = timedelta()
    longest: timedelta = timedelta()
    timed: int = 0
    lateness: timedelta = timedelta()

    @classmethod
    def of(cls, lengths: Sequence[float], latenesses: Sequence[float] = ()) -> Band:
        """From lengths and latenesses in seconds, in any order."""
        from statistics import median  # slow to import, and an idle tick has no use for it

        found, late = sorted(lengths), sorted(latenesses)
        left_out = len(found) - _rank(len(found), _NEAR_ALL)
        return cls(
            runs=len(found),
            median=timedelta(seconds=median(found) if found else 0),
            shortest=timedelta(seconds=found[left_out] if found else 0),
            longest=timedelta(seconds=found[-1 - left_out] if found else 0),
            timed=len(late),
            lateness=timedelta(seconds=late[_rank(len(late), _MOST) - 1] if late else 0),
        )


NOTHING_KNOWN = Band()


def grace(asked: int | None, band: Band, *, learns: bool) -> timedelta | None:
    """How late a job may begin; None: as late as it likes.

    ``asked`` are the seconds that its owner has set, 0 for no limit; None is for what its history
    says, if it ``learns``.
    """
    if asked is not None or not learns:
        return _asked(asked)
    if band.timed < ENOUGH:
        return UNLEARNED_GRACE
    return max(LEAST_GRACE, band.lateness * 1.5)


def longest(asked: int | None, band: Band, *, learns: bool) -> timedelta | None:
    """How long a run may take before it is worth a word; None: as long as it likes."""
    if asked is not None or not learns:
        return _asked(asked)
    if band.runs < ENOUGH:
        return None
    return max(LEAST_LONG, band.longest * 2)


def shortest(asked: int | None, band: Band, *, learns: bool) -> timedelta | None:
    """How long a good run takes at least; None: nobody asks."""
    if asked is not None or not learns:
        return _asked(asked)
    if band.runs < ENOUGH or band.median < WORTH_TIMING:
        return None
    return band.shortest / 4


def _asked(seconds: int | None) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds else None


def _rank(count: int, share: float) -> int:
    """How many of so many values make up this share of them, rounded up."""
    return math.ceil(share * count - 1e-9)
