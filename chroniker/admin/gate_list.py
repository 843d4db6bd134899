"""Why a job is not running: the tick's own gates, as a list that people can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chroniker.admin import display
from chroniker.models import Job
from chroniker.models.state import running
from chroniker.moments import to_stored

_WORDS = {
    "installation": (
        gettext_lazy("The tables are this installation's"),
        gettext_lazy("The tables are another installation's"),
    ),
    "enabled": (gettext_lazy("Enabled"), gettext_lazy("Disabled")),
    "fault": (gettext_lazy("No fault found"), gettext_lazy("Found faulty")),
    "host": (gettext_lazy("May run on this host"), gettext_lazy("Not for this host")),
    "active window": (gettext_lazy("In its active time"), gettext_lazy("Not in its active time")),
    "schedule": (gettext_lazy("Has a next run"), gettext_lazy("Has no next run")),
    "due": (gettext_lazy("Due"), gettext_lazy("Not due yet")),
    "retry": (gettext_lazy("No retry to wait for"), gettext_lazy("Waits for its retry")),
    "misfire": (gettext_lazy("Not too late"), gettext_lazy("Too late")),
    "pause": (gettext_lazy("Not paused"), gettext_lazy("Paused")),
    "overlap": (gettext_lazy("Not running"), gettext_lazy("Still running")),
    "dependencies": (gettext_lazy("Waits for no other job"), gettext_lazy("Waits for other jobs")),
    "concurrency key": (gettext_lazy("Nothing else has its key"), gettext_lazy("Its key is held")),
    "capacity": (gettext_lazy("Room on this host"), gettext_lazy("No room on this host")),
}
"""What is said of a gate that is open, and of one that is shut."""

_QUIET = frozenset({"enabled", "schedule", "due", "overlap"})
"""Shut while everything is as somebody wants it."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A gate."""

    is_open: bool
    words: str
    reason: str
    opens: str


@dataclass(frozen=True, kw_only=True)
class GateList:
    """All gates, those that are shut first."""

    summary: str
    lines: list[Line]
    is_prominent: bool
    """Whether something keeps it from running that people may not expect."""


def of_job(job: Job) -> GateList:
    """The gates of a job that is stored, as the next tick of this host would find them."""
    gates = sorted(job.why_not_running(), key=lambda gate: bool(gate.is_open))
    shut = {str(gate.name) for gate in gates if not gate.is_open}
    return GateList(
        summary=_summary(job, shut),
        lines=[_line(gate) for gate in gates],
        is_prominent=not running(job) and not (shut & _QUIET),
    )


def _summary(job: Job, shut: set[str]) -> str:
    if running(job):
        return _("It is running. When could it start again?")
    if not shut:
        return _("Nothing: it starts at the next tick.")
    return _("Why is it not running?")


def _line(gate: Any) -> Line:
    name = str(gate.name)
    when_open, when_shut = _WORDS.get(name, (name, name))
    return Line(
        is_open=gate.is_open,
        words=str(when_open if gate.is_open else when_shut),
        reason=display.visible(gate.reason),
        opens="" if gate.opens is None else display.moment(to_stored(gate.opens)),
    )
