"""Runs as bars on a lane: which are drawn as one, and how those that overlap are stacked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chroniker.constants import Status

MOST_BARS = 100
"""So many bars are drawn on a lane."""

LEVELS = 5
"""So many bars are drawn above each other; what overlaps further is drawn over the last."""

_FINEST = 200
"""Into so many parts a window is divided; runs that begin in the same one may be drawn as one."""

_NEAR = 0.002
"""Parts of a window: what is further apart is seen as two."""


@dataclass(frozen=True, kw_only=True)
class Runs:
    """A run, or several of the same state that are too close to each other to be told apart.

    ``lane`` is what they are drawn on, ``log_id`` the log of one of them. ``end`` is None while
    it goes on. Moments are aware.
    """

    lane: str
    job_id: int
    status: Status
    begin: datetime
    end: datetime | None
    log_id: int
    count: int = 1
    last_begin: datetime
    jobs: frozenset[int] = frozenset()

    def until(self, now: datetime) -> datetime:
        """Where they end, or are by now."""
        return max(self.begin, now if self.end is None else self.end)


@dataclass(frozen=True)
class Placed:
    """A bar and the level it is drawn on, from 0 at the top."""

    runs: Runs
    level: int


def merged(runs: Iterable[Runs], start: datetime, span: timedelta, now: datetime) -> list[Runs]:
    """At most ``MOST_BARS`` bars for these runs of one lane, in the order in which they begin.

    Only runs of the same state become one, so that no failure is hidden by what went well, and
    only short ones without a visible gap between them, unless there are too many bars even so.
    """
    found = sorted(runs, key=lambda one: (one.begin, one.log_id))
    parts, near = _FINEST, _NEAR
    grain = _Grain(start, span / parts, near * span, span / parts, now)
    drawn = _merged(found, grain, across=False)
    while len(drawn) > MOST_BARS and parts > 1:
        parts, near = parts // 2, near * 2
        short = span / parts if parts > 1 else timedelta.max
        grain = _Grain(start, span / parts, near * span, short, now)
        drawn = _merged(found, grain, across=True)
    return drawn


def stacked(runs: Sequence[Runs], now: datetime) -> list[Placed]:
    """A level for each, so that none hides another."""
    free: list[datetime] = []
    placed = []
    for one in sorted(runs, key=lambda one: one.begin):
        level = next((i for i, end in enumerate(free) if end <= one.begin), len(free))
        level = min(level, LEVELS - 1)
        if level == len(free):
            free.append(one.until(now))
        free[level] = max(free[level], one.until(now))
        placed.append(Placed(one, level))
    return placed


@dataclass(frozen=True)
class _Grain:
    """How coarse a drawing is: its parts, the gaps that are not seen, the runs that are short."""

    start: datetime
    part: timedelta
    near: timedelta
    short: timedelta
    now: datetime

    def are_one(self, before: Runs, one: Runs) -> bool:
        same_part = self._part(before) == self._part(one)
        near = one.begin - before.until(self.now) <= self.near
        return same_part and near and self._is_short(before) and self._is_short(one)

    def _part(self, runs: Runs) -> int:
        return (runs.begin - self.start) // self.part

    def _is_short(self, runs: Runs) -> bool:
        return runs.until(self.now) - runs.begin <= self.short


def _merged(runs: Iterable[Runs], grain: _Grain, *, across: bool) -> list[Runs]:
    """Only what follows each other becomes one, or also what lies ``across`` another state."""
    drawn: list[Runs] = []
    newest: dict[Status, int] = {}
    for one in runs:
        place = newest.get(one.status)
        if place is not None and grain.are_one(drawn[place], one):
            drawn[place] = _joined(drawn[place], one)
        else:
            newest = {**(newest if across else {}), one.status: len(drawn)}
            drawn.append(one)
    return drawn


def _joined(before: Runs, one: Runs) -> Runs:
    goes_on = before.end is None or one.end is None
    return replace(
        before,
        end=None if goes_on else max(before.end, one.end),  # type: ignore[type-var]
        log_id=max(before.log_id, one.log_id),
        count=before.count + one.count,
        last_begin=max(before.last_begin, one.last_begin),
        jobs=before.jobs | one.jobs,
    )
