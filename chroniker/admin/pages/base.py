"""What a page about all jobs is: an address, a template, and what is shown in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

Live = Callable[[Any, HttpRequest], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the admin of jobs that is none of Django's own.

    ``name`` is that of its address and of its template. ``context`` computes what the template
    draws; ``live``, if there is one, what is asked for again and again while the page is open, as
    values for JSON. Both are handed the admin of jobs and the request of somebody who may view
    jobs; whatever else it takes to see something they have to ask themselves.
    """

    name: str
    title: Any
    context: Callable[[Any, HttpRequest], dict[str, Any]]
    live: Live | None = None
