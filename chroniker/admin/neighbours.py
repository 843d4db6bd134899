"""What a job waits for, and what waits for it: numbers for a small drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker.admin import display
from chroniker.models import Job, JobDependency
from chroniker.models.state import state_of

MOST = 8
"""So many are drawn on each side; the others are counted."""

_WIDTH, _HEIGHT = 176, 46
_GAP_ACROSS, _GAP_DOWN = 48, 12
_NAME_LENGTH = 22


@dataclass(frozen=True, kw_only=True)
class Node:
    """A job in the drawing; ``url`` is '' of the job whose page it is."""

    x: int
    y: int
    kind: str
    name: str
    state: str
    title: str
    url: str
    width: int = _WIDTH
    height: int = _HEIGHT

    @property
    def middle(self) -> int:
        """Where arrows end."""
        return self.y + self.height // 2


@dataclass(frozen=True, kw_only=True)
class Edge:
    """An arrow, from the job that is waited for to the one that waits."""

    x1: int
    y1: int
    x2: int
    y2: int
    is_met: bool
    title: str


@dataclass(kw_only=True)
class Neighbours:
    """The drawing; ``rows`` says the same in words."""

    width: int
    height: int
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    """What a neighbour is to this job, a link to it, and whether the dependency is met."""
    more: list[str] = field(default_factory=list)


def of_job(job: Job, now: datetime, url_of: Callable[[int], str]) -> Neighbours | None:
    """The drawing of a job's neighbours; None of a job that has none."""
    links = list(
        JobDependency.objects.filter(Q(dependent=job.pk) | Q(dependee=job.pk))
        .select_related("dependee", "dependent")
        .order_by("dependee__name", "dependent__name", "pk")
    )
    others = [other for link in links for other in (link.dependee, link.dependent)]
    prefetch_related_objects([job, *others], "hosts", "dependencies__dependee__hosts")
    before = [link for link in links if link.dependent_id == job.pk]
    after = [link for link in links if link.dependee_id == job.pk]
    return _Drawing(job, before, after, now, url_of).drawn() if before or after else None


class _Drawing:
    """Three columns: what it waits for, the job, what waits for it. Empty ones take no room."""

    def __init__(
        self,
        job: Job,
        before: list[JobDependency],
        after: list[JobDependency],
        now: datetime,
        url_of: Callable[[int], str],
    ) -> None:
        self._job, self._before, self._after = job, before, after
        self._now, self._url_of = now, url_of

    def drawn(self) -> Neighbours:
        before, after = self._before[:MOST], self._after[:MOST]
        columns = 1 + bool(before) + bool(after)
        rows = max(len(before), len(after), 1)
        drawing = Neighbours(
            width=columns * _WIDTH + (columns - 1) * _GAP_ACROSS,
            height=rows * _HEIGHT + (rows - 1) * _GAP_DOWN,
        )
        x = _WIDTH + _GAP_ACROSS if before else 0
        own = self._node(self._job, x, _centred(1, drawing.height)[0], "")
        for link, y in zip(before, _centred(len(before), drawing.height), strict=True):
            node = self._node(link.dependee, 0, y, self._url_of(link.dependee_id))
            self._add(drawing, node, _edge(node, own, link), _("It waits for"))
        for link, y in zip(after, _centred(len(after), drawing.height), strict=True):
            beyond = x + _WIDTH + _GAP_ACROSS
            node = self._node(link.dependent, beyond, y, self._url_of(link.dependent_id))
            self._add(drawing, node, _edge(own, node, link), _("Waits for it"))
        drawing.nodes.append(own)
        drawing.more = list(self._left_out())
        return drawing

    def _node(self, job: Job, x: int, y: int, url: str) -> Node:
        state = state_of(job, self._now)
        name = display.visible(job.name)
        return Node(
            x=x,
            y=y,
            kind=state.kind,
            name=name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1] + "…",
            state=f"{display.sign_of(state.kind)} {state.words}",
            title=f"{name}: {state.words}",
            url=url,
        )

    def _add(self, drawing: Neighbours, node: Node, edge: Edge, relation: str) -> None:
        drawing.nodes.append(node)
        drawing.edges.append(edge)
        drawing.rows.append((relation, display.link(node.url, node.title), edge.title))

    def _left_out(self) -> Iterable[str]:
        more = len(self._before) - MOST
        if more > 0:
            yield ngettext("It waits for %d more.", "It waits for %d more.", more) % more
        more = len(self._after) - MOST
        if more > 0:
            yield ngettext("%d more waits for it.", "%d more wait for it.", more) % more


def _centred(count: int, height: int) -> list[int]:
    """Where boxes below each other begin."""
    used = count * _HEIGHT + (count - 1) * _GAP_DOWN
    return [(height - used) // 2 + number * (_HEIGHT + _GAP_DOWN) for number in range(count)]


def _edge(start: Node, end: Node, link: JobDependency) -> Edge:
    unmet = link.unmet_criterion()
    return Edge(
        x1=start.x + start.width,
        y1=start.middle,
        x2=end.x,
        y2=end.middle,
        is_met=unmet is None,
        title=display.visible(unmet) if unmet else _("Met"),
    )
