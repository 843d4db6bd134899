"""What a timeline is drawn of: somebody's wishes, and what this person may see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import ngettext

from chroniker.admin.pages.choice import Choice
from chroniker.admin.pages.lanes import Drawer, Lane
from chroniker.admin.pages.window import Window

LANES = 30
"""So many are drawn on a page."""


@dataclass(frozen=True)
class Scene:
    """One request for a timeline. Without ``shows_runs``, only what is to come is shown."""

    admin: Any
    request: HttpRequest
    window: Window

    @cached_property
    def choice(self) -> Choice:
        """Which jobs are asked for."""
        return Choice.of(self.request)

    @cached_property
    def shows_runs(self) -> bool:
        """Whether this person may see how runs went."""
        return bool(self.admin.has_logs_permission(self.request))

    @property
    def visible(self) -> Any:
        """The jobs that this person may see, without what else rows of the list need."""
        return self.admin.get_queryset(self.request).prefetch_related(None)

    @property
    def jobs(self) -> Any:
        """Those of them that are asked for."""
        return self.choice.among(self.visible)

    def drawer(self, names: dict[int, str]) -> Drawer:
        """What draws in the window; ``names`` are those of jobs."""
        return Drawer(
            window=self.window,
            log_url=lambda pk: self.admin.url("chroniker_log_change", pk),
            logs_url=self._logs_url,
            names=names,
        )

    def _logs_url(self, wanted: dict[str, Any]) -> str:
        return f"{self.admin.url('chroniker_log_changelist')}?{urlencode(wanted)}"


@dataclass(frozen=True)
class Lanes:
    """The lanes of a page, whether there are more of them, and what to say of what is left out."""

    lanes: list[Lane]
    more: bool
    notes: list[str]


def capped(most: int) -> str:
    """What to say where not all runs could be counted."""
    return (
        ngettext(
            "Where a lane is hatched, only its last %d run is known. Zoom in to see more.",
            "Where a lane is hatched, only its last %d runs are known. Zoom in to see more.",
            most,
        )
        % most
    )
