"""How many runs a host had at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from chroniker.admin.pages.window import Window
from chroniker.constants import Status
from chroniker.models import Log
from chroniker.moments import to_instant, to_stored

PARTS = 120
"""Into so many parts a window is divided; of each, what is shown is the most."""

MOST_RUNS = 10_000
"""So many runs are looked at: the newest."""

Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Load:
    """The most runs at once of each part of a window, by host, and from when on that is known."""

    peaks: dict[str, list[int]]
    known_from: datetime | None


def of_hosts(window: Window) -> Load:
    """By the runs that began in the window or as long before it as it is wide."""
    logs = Log.objects.exclude(status=Status.SKIPPED).filter(
        run_start_datetime__gte=to_stored(window.start - window.zoom.span),
        run_start_datetime__lt=to_stored(window.end),
    )
    fields = ("hostname", "run_start_datetime", "run_end_datetime", "status")
    rows = list(logs.order_by("-run_start_datetime").values_list(*fields)[:MOST_RUNS])
    by_host: dict[str, list[Interval]] = defaultdict(list)
    for hostname, begin, end, status in rows:
        started = to_instant(begin)
        goes_on = status == Status.RUNNING
        ended = window.now if goes_on else to_instant(end) or started
        by_host[hostname or ""].append((started, max(started, ended)))
    oldest = to_instant(rows[-1][1]) if len(rows) == MOST_RUNS else window.start
    return Load(
        peaks={host: peaks(intervals, window) for host, intervals in sorted(by_host.items())},
        known_from=oldest if oldest > window.start else None,
    )


def peaks(intervals: Sequence[Interval], window: Window) -> list[int]:
    """The most of these intervals that hold at once, in each part of the window."""
    width = window.zoom.span / PARTS
    found = [0] * PARTS
    before = window.start
    going_on = 0
    for moment, change in [*_changes(intervals), (window.end, 0)]:
        if moment > window.start and going_on:
            first = max(0, (before - window.start) // width)
            # A run that ends where a part begins was not in that part.
            last = min(PARTS - 1, -((window.start - moment) // width) - 1)
            for part in range(first, last + 1):
                found[part] = max(found[part], going_on)
        going_on += change
        before = moment
    return found


def _changes(intervals: Iterable[Interval]) -> Iterator[tuple[datetime, int]]:
    """By how many their number changes at each moment, in order.

    A run takes up no time less than an instant: even the shortest is seen.
    """
    instant = datetime.resolution
    ends = ((max(end, begin + instant), -1) for begin, end in intervals)
    changes = sorted([*((begin, 1) for begin, _ in intervals), *ends])
    for moment, group in groupby(changes, key=lambda change: change[0]):
        yield moment, sum(change for _, change in group)
