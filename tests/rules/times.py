"""The times of one rule, worked out a day at a time."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.simulated.oracle import Rule, occurrences

A_DAY = timedelta(days=1)
FARTHEST = timedelta(days=60)


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time in which a job is active, its ends included; None for no such end."""

    begin: datetime | None = None
    end: datetime | None = None

    def is_before(self, moment: datetime) -> bool:
        """Whether it has ended by then."""
        return self.end is not None and self.end < moment

    def holds(self, moment: datetime) -> bool:
        """Whether the job is active."""
        has_begun = self.begin is None or self.begin <= moment
        return has_begun and not self.is_before(moment)


class Times:
    """All occurrences of a rule later than ``start``, or the only one of a job that runs once.

    Those of a rule only while its job is active.
    """

    def __init__(
        self, start: datetime, rule: Rule | None, only: datetime | None, window: Window
    ) -> None:
        self._rule = rule
        self._window = window
        self._known_until = start
        self._known = [] if only is None else [only]

    def after(self, moment: datetime) -> datetime | None:
        """The first later than this; None if there is none."""
        wanted = moment
        while wanted < moment + FARTHEST and not self._window.is_before(wanted):
            wanted += A_DAY
            self._work_out(wanted)
            place = bisect_right(self._known, moment)
            if place < len(self._known):
                return self._known[place]
        return None

    def between(self, after: datetime, until: datetime) -> list[datetime]:
        """Those later than ``after`` and not later than ``until``."""
        self._work_out(until)
        return self._known[bisect_right(self._known, after) : bisect_right(self._known, until)]

    def _work_out(self, until: datetime) -> None:
        while self._rule is not None and self._known_until < until:
            end = self._known_until + A_DAY
            found = occurrences(self._rule, self._known_until, end)
            self._known += [moment for moment in found if self._window.holds(moment)]
            self._known_until = end
