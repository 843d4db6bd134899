"""The durations of a job's last runs as a drawing: numbers for the template's SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chroniker.admin import display
from chroniker.constants import Status
from chroniker.models import Job, Log

RUNS = 100
WIDTH = 1000
HEIGHT = 200
_GAP = 2
_LEAST = 2
_WIDEST = 40


@dataclass(frozen=True)
class Bar:
    """One run: its place in the drawing, what a pointer reads there, and its row in the table."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    title: str
    url: str
    started: str
    duration: str
    state: str


@dataclass(frozen=True)
class Graph:
    """The bars from the oldest run to the newest, and the length of the highest one."""

    bars: list[Bar]
    longest: str
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def rows(self) -> list[Bar]:
        """The newest first, for the table."""
        return self.bars[::-1]


def of_job(job: Job, url_of: Callable[[int], str]) -> Graph:
    """The newest ended runs of a job."""
    ended = Log.objects.carried_out().filter(job=job.pk).defer("stdout", "stderr", "arguments")
    newest = list(ended.order_by("-run_start_datetime", "-pk")[:RUNS])
    return of_runs(newest[::-1], url_of)


def of_runs(logs: Sequence[Log], url_of: Callable[[int], str]) -> Graph:
    """These runs, oldest first."""
    lengths = [log.duration or timedelta() for log in logs]
    longest = max(lengths, default=timedelta())
    step = min(_WIDEST, WIDTH // max(1, len(logs)))
    bars = [
        _bar(log, length / longest if longest else 0.0, index * step, step - _GAP, url_of)
        for index, (log, length) in enumerate(zip(logs, lengths, strict=True))
    ]
    return Graph(bars, display.duration(longest))


def _bar(log: Log, share: float, x: int, width: int, url_of: Callable[[int], str]) -> Bar:
    height = max(_LEAST, round(share * HEIGHT))
    length = display.duration(log.duration)
    state = Status(log.state)
    started = display.plain_moment(log.run_start_datetime)
    return Bar(
        x=x,
        y=HEIGHT - height,
        width=width,
        height=height,
        kind=state.value,
        title=f"{started}: {state.label}, {length}",
        url=url_of(log.pk),
        started=display.moment(log.run_start_datetime),
        duration=length,
        state=display.pill(state.value, str(state.label)),
    )
