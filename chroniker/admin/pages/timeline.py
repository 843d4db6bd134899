"""The timeline: what ran when and what is to come, a lane for each job or for each host."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chroniker.admin import display
from chroniker.admin.pages import choice as choices
from chroniker.admin.pages import host_lanes, job_lanes, load
from chroniker.admin.pages.base import Page
from chroniker.admin.pages.choice import address
from chroniker.admin.pages.lanes import Lane, Mark
from chroniker.admin.pages.load_rows import load_rows
from chroniker.admin.pages.scene import Scene
from chroniker.admin.pages.window import Window, x, zooms
from chroniker.moments import to_stored, utc_now

MOST_ROWS = 300
"""So many rows has the table behind the drawing."""


def context(admin: Any, request: HttpRequest) -> dict[str, Any]:
    """The whole page."""
    scene = _scene(admin, request)
    window = scene.window
    sides = [("job", _("By job")), ("host", _("By host"))]
    return {
        **_drawing(scene),
        **choices.form(scene.choice, scene.visible, request, "zoom", "at", "by"),
        "zooms": [(zoom, address(request, zoom=zoom.name)) for zoom in zooms()],
        "sides": [(name, words, address(request, by=name, p=None)) for name, words in sides],
        "earlier": address(request, at=window.earlier()),
        "later": address(request, at=window.later()),
        "to_now": "" if window.follows else address(request, at=None),
        "live_url": f"{admin.url('chroniker_job_timeline_live')}{address(request)}",
    }


def live(admin: Any, request: HttpRequest) -> dict[str, Any]:
    """The drawing as it is now."""
    values = _drawing(_scene(admin, request))
    html = render_to_string("admin/chroniker/pages/timeline_drawing.html", values, request)
    return {"html": html}


PAGE = Page(name="timeline", title=gettext_lazy("Timeline"), context=context, live=live)


def _scene(admin: Any, request: HttpRequest) -> Scene:
    return Scene(admin, request, Window.of(request, utc_now()))


def _drawing(scene: Scene) -> dict[str, Any]:
    by_host = scene.request.GET.get("by") == "host"
    drawn = host_lanes.draw(scene) if by_host else job_lanes.draw(scene)
    window = scene.window
    marks = [(mark, lane) for lane in drawn.lanes for mark in lane.marks]
    marks.sort(key=lambda pair: pair[0].begin, reverse=True)
    return {
        "window": window,
        "by": "host" if by_host else "job",
        "lanes": drawn.lanes,
        "notes": drawn.notes,
        "pages": choices.pages(scene.choice, scene.request, more=drawn.more),
        "ticks": window.ticks(),
        "now_x": x(window.place(window.now)) if window.shows_now else "",
        "begins": display.moment(to_stored(window.start)),
        "ends": display.moment(to_stored(window.end)),
        "zone": timezone.get_current_timezone_name(),
        "load": load_rows(window, load.of_hosts(window)) if scene.shows_runs else None,
        "shows_runs": scene.shows_runs,
        "rows": [_row(mark, lane) for mark, lane in marks[:MOST_ROWS]],
        "rows_left_out": max(0, len(marks) - MOST_ROWS),
    }


def _row(mark: Mark, lane: Lane) -> dict[str, Any]:
    """A mark as a row of the table."""
    return {
        "lane": lane.name,
        "mark": mark,
        "begin": display.moment(to_stored(mark.begin)),
        "state": display.pill(mark.kind, mark.state),
    }
