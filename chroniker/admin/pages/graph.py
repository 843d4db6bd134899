"""The graph of dependencies: which job waits for which, and how all of them stand now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy, ngettext

from chroniker import dependency_graph
from chroniker.admin import display
from chroniker.admin.pages import choice as choices
from chroniker.admin.pages import layers
from chroniker.admin.pages.base import Page
from chroniker.admin.pages.choice import Choice, address
from chroniker.admin.pages.layers import Edge, Layout
from chroniker.admin.pages.picture import Picture
from chroniker.expectations import history
from chroniker.models import Job, JobDependency, job_rows
from chroniker.moments import utc_now

MOST_NODES = 200
"""So many jobs are drawn."""

MOST_EDGES = 5_000
"""So many dependencies are looked at."""

SECONDS = 5
_DIGITS = 18


def context(admin: Any, request: HttpRequest) -> dict[str, Any]:
    """The whole page."""
    drawing = _drawing(admin, request)
    jobs = admin.get_queryset(request).prefetch_related(None)
    return {
        **drawing,
        **choices.form(Choice.of(request), jobs, request),
        "seconds": SECONDS,
        "live_url": f"{admin.url('chroniker_job_graph_live')}{address(request)}",
    }


def live(admin: Any, request: HttpRequest) -> dict[str, Any]:
    """The drawing as it is now."""
    values = _drawing(admin, request)
    html = render_to_string("admin/chroniker/pages/graph_drawing.html", values, request)
    return {"html": html}


PAGE = Page(name="graph", title=gettext_lazy("Dependencies"), context=context, live=live)


def _drawing(admin: Any, request: HttpRequest) -> dict[str, Any]:
    visible = admin.get_queryset(request)
    edges, names = _edges(visible)
    wanted, left_out = _wanted(visible, request, edges, names)
    now = utc_now()
    jobs = {job.pk: job for job in job_rows.annotated(visible.filter(pk__in=wanted), now)}
    job_rows.load(list(jobs.values()), now)
    nodes = [pk for pk in wanted if pk in jobs]
    drawn = {(source, target) for source, target in edges if source in jobs and target in jobs}
    shape = layers.layout(nodes, drawn)
    usual = history.usual(nodes) if admin.has_logs_permission(request) else {}
    critical = _critical_paths(nodes, drawn, shape, usual)
    pauses = admin.pauses(request)
    pauses.expect(jobs.values())
    for job in jobs.values():
        job.held = pauses.holding(job)
    picture = Picture(
        jobs=jobs,
        names={pk: names[pk] for pk in nodes},
        edges=drawn,
        shape=shape,
        usual=usual,
        critical=critical,
    )
    return {
        "shape": shape,
        "nodes": picture.nodes(lambda pk: admin.url("chroniker_job_change", pk), now),
        "lines": picture.lines(),
        "critical": picture.critical_paths(),
        "circles": [[names[pk] for pk in circle] for circle in _circles(nodes, drawn)],
        "apart": _apart(visible, names),
        "left_out": left_out,
        "may_see_lengths": admin.has_logs_permission(request),
    }


# What is drawn


def _edges(visible: Any) -> tuple[list[Edge], dict[int, str]]:
    """The dependencies between jobs that this person may see, and the names of these, in order."""
    rows = JobDependency.objects.order_by("pk").values_list("dependee_id", "dependent_id")
    edges = [(source, target) for source, target in rows[:MOST_EDGES] if source != target]
    ids = {pk for edge in edges for pk in edge}
    jobs = visible.prefetch_related(None).filter(pk__in=ids).order_by("name", "pk")
    names = {pk: display.visible(name) for pk, name in jobs.values_list("pk", "name")}
    return [edge for edge in edges if edge[0] in names and edge[1] in names], names


def _wanted(
    visible: Any, request: HttpRequest, edges: Sequence[Edge], names: dict[int, str]
) -> tuple[list[int], int]:
    """The jobs to draw: whole parts of the graph, while there is room; and how many are not."""
    parts = layers.components(list(names), edges)
    chosen = _chosen(visible, request)
    if chosen is not None:
        matching = set(visible.filter(chosen, pk__in=names).values_list("pk", flat=True))
        parts = [part for part in parts if not matching.isdisjoint(part)]
    wanted: list[int] = []
    total = sum(map(len, parts))
    for part in parts:
        if len(wanted) + len(part) <= MOST_NODES:
            wanted += part
    if not wanted and parts:
        wanted = _upstream_first(parts[0], edges)[:MOST_NODES]
    return wanted, total - len(wanted)


def _chosen(visible: Any, request: HttpRequest) -> Q | None:
    """Which jobs are asked for, if not all: one by its id, or those of a name or group."""
    picked = Choice.of(request)
    job = request.GET.get("job", "")
    if job.isdecimal() and job.isascii() and len(job) <= _DIGITS:
        return Q(pk=int(job))
    if not picked.is_narrow:
        return None
    return Q(pk__in=picked.among(Job.objects.all()).values("pk"))


def _upstream_first(part: Sequence[int], edges: Sequence[Edge]) -> list[int]:
    members = set(part)
    own = {edge for edge in edges if edge[0] in members}
    depth = layers.depths(part, own - layers.backward(part, own))
    return sorted(part, key=depth.__getitem__)


def _circles(nodes: Sequence[int], edges: Iterable[Edge]) -> list[list[int]]:
    """The circles of jobs that wait for each other, and so never run."""
    waits_for: dict[int, list[int]] = defaultdict(list)
    for source, target in edges:
        waits_for[target].append(source)
    return dependency_graph.order(nodes, waits_for).cycles


def _critical_paths(
    nodes: Sequence[int], edges: set[Edge], shape: Layout, usual: dict[int, timedelta]
) -> list[list[int]]:
    """Of each part of the graph the path that takes longest, where that is known."""
    weights = {pk: length.total_seconds() for pk, length in usual.items()}
    forward = edges - shape.backward
    found = []
    for part in layers.components(nodes, edges):
        members = set(part)
        own = {edge for edge in forward if edge[0] in members}
        path = layers.longest_path(part, own, weights)
        if len(path) > 1 and all(pk in usual for pk in path):
            found.append(path)
    return found


def _apart(visible: Any, names: dict[int, str]) -> str:
    """How many jobs there are besides those with dependencies."""
    count = max(0, visible.prefetch_related(None).count() - len(names))
    words = ngettext("%d job without dependencies", "%d jobs without dependencies", count)
    return words % count if count else ""
