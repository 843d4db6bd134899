"""Where the rows that need attention are: the admin's list of the model, filtered to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from chroniker.exceptions import InvalidMonitor
from chroniker.monitors.definition import Definition
from chroniker.monitors.lookups import Condition
from chroniker.monitors.options import definition_of
from chroniker.monitors.question import Question, question

_LONGEST = 1900
"""Longer addresses do not reach every server."""


def address_of(job: Any, now: datetime, site: Any = None) -> str | None:
    """The address of the list that a ``check_monitor`` is about, as a path; None without one.

    ``site`` is the admin site, by default Django's own; ``now`` is aware.
    """
    definition = definition_of(job, now)
    if definition is None or not definition.model or not apps.is_installed("django.contrib.admin"):
        return None
    if site is None:
        from django.contrib import admin

        site = admin.site
    try:
        return _address(definition, now, site)
    except (InvalidMonitor, NoReverseMatch):
        return None


def _address(definition: Definition, now: datetime, site: Any) -> str | None:
    asked = question(definition, now)
    options = asked.model._meta
    shown = site._registry.get(asked.model)
    if shown is None:
        return None
    name = f"admin:{options.app_label}_{options.model_name}_changelist"
    url = reverse(name, current_app=site.name)
    filters = _filters(asked, shown)
    filtered = f"{url}?{urlencode(filters)}" if filters else url
    return filtered if len(filtered) <= _LONGEST else url


def _filters(asked: Question, shown: Any) -> list[tuple[str, str]]:
    """The filters as that list takes them; none if there is one that it does not take.

    What is excluded cannot be said there: the list then has more rows than need attention.
    """
    pairs = [pair for one in asked.filters for pair in _pairs(one)]
    return pairs if all(_is_taken(shown, *pair) for pair in pairs) else []


def _pairs(one: Condition) -> Iterator[tuple[str, str]]:
    if one.lookup == "range":
        stem = one.path.removesuffix("range")
        first, last = one.value
        yield f"{stem}gte", _text(first)
        yield f"{stem}lte", _text(last)
    elif one.lookup == "in":
        yield one.path, ",".join(map(_text, one.value))
    else:
        yield one.path, _text(one.value)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _is_taken(shown: Any, lookup: str, value: str) -> bool:
    """Whether the list allows this lookup, whoever asks; anything else would be an error 400."""
    try:
        return bool(shown.lookup_allowed(lookup, value, HttpRequest()))
    except Exception:  # noqa: BLE001 - the project's own code, which may want to know who asks
        return False
