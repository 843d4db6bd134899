"""A graph of jobs as a picture: boxes, the lines between them, and what takes longest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from chroniker.admin import display
from chroniker.admin.pages import layers
from chroniker.admin.pages.layers import Edge, Layout, Point
from chroniker.models.state import state_of


@dataclass(frozen=True, kw_only=True)
class Node:
    """A job in the drawing, and its row in the table."""

    id: int
    x: int
    y: int
    name: str
    url: str
    kind: str
    state: str
    length: str
    is_critical: bool
    waits_for: list[str]
    waited_for_by: list[str]
    width: int = layers.WIDTH
    height: int = layers.HEIGHT


@dataclass(frozen=True)
class Line:
    """A dependency in the drawing. ``kind``: plain, critical, or closing a circle."""

    path: str
    kind: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What is drawn: the jobs by id, their names, who waits for whom, and where all that is."""

    jobs: dict[int, Any]
    names: dict[int, str]
    edges: set[Edge]
    shape: Layout
    usual: dict[int, timedelta]
    critical: list[list[int]]

    def nodes(self, url_of: Callable[[int], str], now: datetime) -> list[Node]:
        """The boxes, each with the state of its job at ``now`` (aware)."""
        on_path = {pk for path in self.critical for pk in path}
        before: dict[int, list[str]] = defaultdict(list)
        after: dict[int, list[str]] = defaultdict(list)
        for source, target in sorted(self.edges):
            after[source].append(self.names[target])
            before[target].append(self.names[source])
        found = []
        for pk, (x, y) in self.shape.nodes.items():
            state = state_of(self.jobs[pk], now)
            found.append(
                Node(
                    id=pk,
                    x=x,
                    y=y,
                    name=self.names[pk],
                    url=url_of(pk),
                    kind=state.kind,
                    state=display.pill(state.kind, state.words),
                    length=display.duration(self.usual.get(pk)),
                    is_critical=pk in on_path,
                    waits_for=before[pk],
                    waited_for_by=after[pk],
                )
            )
        return found

    def lines(self) -> list[Line]:
        """The dependencies."""
        critical = {edge for path in self.critical for edge in pairwise(path)}
        return [self._line(edge, is_critical=edge in critical) for edge in self.shape.lines]

    def critical_paths(self) -> list[tuple[list[str], str]]:
        """The names on each path that takes longest, and how long that is."""
        return [
            (
                [self.names[pk] for pk in path],
                display.duration(sum((self.usual[pk] for pk in path), timedelta())),
            )
            for path in self.critical
        ]

    def _line(self, edge: Edge, *, is_critical: bool) -> Line:
        source, target = edge
        values = {"dependent": self.names[target], "dependee": self.names[source]}
        title = _("%(dependent)s waits for %(dependee)s") % values
        points = self.shape.lines[edge]
        if edge in self.shape.backward:
            return Line(_around(points), "circle", title)
        return Line(_through(points), "critical" if is_critical else "plain", title)


def _through(points: Sequence[Point]) -> str:
    """A smooth line from left to right: level where it leaves and where it arrives."""
    parts = [f"M{points[0][0]} {points[0][1]}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (x1 + x2) // 2
        parts.append(f"C{middle} {y1} {middle} {y2} {x2} {y2}")
    return "".join(parts)


def _around(points: Sequence[Point]) -> str:
    """A line that leads back, below what it leads back over."""
    (x1, y1), (x2, y2) = points
    below = max(y1, y2) + layers.HEIGHT
    return f"M{x1} {y1}C{x1 + _OUT} {below} {x2 - _OUT} {below} {x2} {y2}"


_OUT = 60
