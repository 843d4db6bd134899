"""The durations of a job's last runs as a drawing: numbers for the template's SVG."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from chroniker.admin import display
from chroniker.constants import Status
from chroniker.models import Job, Log
from chroniker.moments import to_instant, utc_now

RUNS = 100
WIDTH = 1000
HEIGHT = 200
HEADROOM = 18
"""Above the highest bar, for the sign of a run that did not succeed."""
_GAP = 2
_LEAST = 2
_WIDEST = 40
_MOSTLY = 0.95


@dataclass(frozen=True)
class Bar:
    """One run: its place in the drawing, what a pointer reads there, and its row in the table."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    mark: str
    """The sign of a run that did not succeed, drawn above its bar."""
    title: str
    url: str
    started: str
    duration: str
    state: str

    @property
    def center(self) -> float:
        """Where its mark goes."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Line:
    """A length that many runs have: where it is drawn, and how long that is."""

    y: int
    duration: str


@dataclass(frozen=True)
class Graph:
    """The bars from the oldest run to the newest, and what is usual.

    ``current`` is the run that goes on, which has no row in the table.
    """

    bars: list[Bar]
    longest: str
    median: Line | None = None
    mostly: Line | None = None
    """So long or shorter are 95 of 100 runs."""
    current: Bar | None = None
    failed: int = 0
    width: int = WIDTH
    height: int = HEIGHT
    headroom: int = HEADROOM

    @property
    def rows(self) -> list[Bar]:
        """The newest first, for the table."""
        return self.bars[::-1]

    @property
    def whole_height(self) -> int:
        """With the room for marks."""
        return self.height + self.headroom


def of_job(job: Job, url_of: Callable[[int], str]) -> Graph:
    """The newest ended runs of a job, and the one that goes on."""
    ended = Log.objects.carried_out().filter(job=job.pk).defer("stdout", "stderr", "arguments")
    newest = list(ended.order_by("-run_start_datetime", "-pk")[:RUNS])
    started = to_instant(job.last_run_start_timestamp) if job.is_running else None
    return of_runs(newest[::-1], url_of, started, utc_now())


def of_runs(
    logs: Sequence[Log],
    url_of: Callable[[int], str],
    started: datetime | None = None,
    now: datetime | None = None,
) -> Graph:
    """These runs, oldest first, and one that was ``started`` (aware) and has not ended ``now``."""
    elapsed = now - started if now and started else None
    lengths = [log.duration or timedelta() for log in logs]
    longest = max([*lengths, elapsed or timedelta()])
    step = min(_WIDEST, WIDTH // max(1, len(logs) + bool(elapsed)))
    scale = _Scale(longest, step)
    good = [log.duration or timedelta() for log in logs if log.state == Status.SUCCEEDED]
    usual = sorted(good or lengths)
    return Graph(
        [scale.bar(log, index, url_of) for index, log in enumerate(logs)],
        display.duration(max(lengths, default=timedelta())),
        median=scale.line(_median(usual)) if usual else None,
        mostly=scale.line(usual[math.ceil(_MOSTLY * len(usual)) - 1]) if usual else None,
        current=scale.current(elapsed, len(logs)) if elapsed is not None else None,
        failed=sum(log.state != Status.SUCCEEDED for log in logs),
    )


def _median(lengths: list[timedelta]) -> timedelta:
    return timedelta(seconds=statistics.median(length.total_seconds() for length in lengths))


@dataclass(frozen=True)
class _Scale:
    longest: timedelta
    step: int

    def bar(self, log: Log, index: int, url_of: Callable[[int], str]) -> Bar:
        height = max(_LEAST, self._height(log.duration or timedelta()))
        length = display.duration(log.duration)
        state = Status(log.state)
        started = display.plain_moment(log.run_start_datetime)
        return Bar(
            x=index * self.step,
            y=HEIGHT - height,
            width=self.step - _GAP,
            height=height,
            kind=state.value,
            mark="" if state == Status.SUCCEEDED else display.sign_of(state.value),
            title=f"{started}: {state.label}, {length}",
            url=url_of(log.pk),
            started=display.moment(log.run_start_datetime),
            duration=length,
            state=display.pill(state.value, str(state.label)),
        )

    def current(self, elapsed: timedelta, index: int) -> Bar:
        height = max(_LEAST, self._height(elapsed))
        length = display.duration(elapsed)
        return Bar(
            x=index * self.step,
            y=HEIGHT - height,
            width=self.step - _GAP,
            height=height,
            kind=Status.RUNNING.value,
            mark=display.sign_of(Status.RUNNING.value),
            title=_("Running for %s") % length,
            url="",
            started="",
            duration=length,
            state="",
        )

    def line(self, length: timedelta) -> Line:
        return Line(HEIGHT - self._height(length), display.duration(length))

    def _height(self, length: timedelta) -> int:
        return round(length / self.longest * HEIGHT) if self.longest else 0
