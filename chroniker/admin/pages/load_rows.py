"""The load of hosts as drawings: one below the other, all to the same scale."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker.admin import display
from chroniker.admin.pages.load import PARTS, Load
from chroniker.admin.pages.window import Window, x
from chroniker.models import Host
from chroniker.moments import to_stored

HEIGHT = 36
"""Of a row, in pixels."""

MOST_HOSTS = 30


@dataclass(frozen=True)
class Step:
    """A stretch with the same load."""

    x: str
    width: str
    y: int
    height: int
    title: str


@dataclass(frozen=True)
class LoadRow:
    """A host: its load over the window, and the most it had and can carry, in words."""

    host: str
    steps: list[Step]
    most: int
    capacity: int
    words: str
    height: int = HEIGHT


@dataclass(frozen=True)
class LoadRows:
    """The hosts, and the part of the width of which nothing is known."""

    rows: list[LoadRow]
    unknown: str
    left_out: int


def load_rows(window: Window, load: Load) -> LoadRows:
    """The rows, by name of the host; asks what each host can carry."""
    capacities = dict(Host.objects.values_list("hostname", "capacity"))
    highest = max((max(peaks) for peaks in load.peaks.values()), default=0)
    hosts = list(load.peaks)
    return LoadRows(
        rows=[
            _row(window, host, load.peaks[host], capacities.get(host, 0), max(1, highest))
            for host in hosts[:MOST_HOSTS]
        ],
        unknown="" if load.known_from is None else x(window.place(load.known_from)),
        left_out=max(0, len(hosts) - MOST_HOSTS),
    )


def _row(window: Window, host: str, peaks: list[int], capacity: int, highest: int) -> LoadRow:
    most = max(peaks)
    words = ngettext("at most %d run at once", "at most %d runs at once", most) % most
    if capacity:
        words = _("%(load)s, of %(capacity)d") % {"load": words, "capacity": capacity}
    return LoadRow(
        host=display.visible(host) or _("unknown host"),
        steps=_steps(window, peaks, highest),
        most=most,
        capacity=capacity,
        words=words,
    )


def _steps(window: Window, peaks: list[int], highest: int) -> list[Step]:
    found = []
    for peak, group in groupby(range(PARTS), key=lambda part: peaks[part]):
        parts = list(group)
        if not peak:
            continue
        begin, end = parts[0] / PARTS, (parts[-1] + 1) / PARTS
        height = max(2, round(peak / highest * (HEIGHT - 4)))
        found.append(
            Step(
                x=x(begin),
                width=x(end - begin),
                y=HEIGHT - height,
                height=height,
                title=_("%(start)s to %(end)s: %(load)s")
                % {
                    "start": _clock(window, begin),
                    "end": _clock(window, end),
                    "load": ngettext("%d run at once", "%d runs at once", peak) % peak,
                },
            )
        )
    return found


def _clock(window: Window, place: float) -> str:
    return display.plain_moment(to_stored(window.start + place * window.zoom.span))
