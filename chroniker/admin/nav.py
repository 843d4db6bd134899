"""The way from each page about all jobs to the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from chroniker.models import Delivery, Job, Log
from chroniker.permissions import may_view


@dataclass(frozen=True, kw_only=True)
class Item:
    """A page, and whether it is the one that is open."""

    url: str
    title: str
    is_open: bool


def items(site: Any, request: HttpRequest) -> list[Item]:
    """The pages that this person may open; none if that is one only."""
    found = [
        Item(url=url, title=title, is_open=request.path == url)
        for name, title in _pages(request)
        if (url := _url(site, name))
    ]
    return found if len(found) > 1 else []


def _pages(request: HttpRequest) -> Iterator[tuple[str, str]]:
    if may_view(request.user, Job):
        yield "chroniker_job_overview", _("Overview")
        yield "chroniker_job_changelist", _("Jobs")
        yield "chroniker_job_timeline", _("Timeline")
        yield "chroniker_job_calendar", _("Calendar")
        yield "chroniker_job_graph", _("Dependencies")
    if may_view(request.user, Log):
        yield "chroniker_log_changelist", _("Logs")
    if may_view(request.user, Delivery):
        yield "chroniker_delivery_changelist", capfirst(str(Delivery._meta.verbose_name_plural))


def _url(site: Any, name: str) -> str:
    """The address of a page; '' where a project has an admin of its own without that page."""
    try:
        return reverse(f"admin:{name}", current_app=site.name)
    except NoReverseMatch:
        return ""
