"""The lanes of a timeline: what has run and what is to come, as places in a drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker.admin import display
from chroniker.admin.pages.bars import LEVELS, Placed, Runs, merged, stacked
from chroniker.admin.pages.window import Window, x
from chroniker.constants import Status
from chroniker.models.agenda import Agenda, Hold
from chroniker.moments import to_stored

MOST_TO_COME = 40
"""So many runs to come are drawn one by one on a lane; more are drawn as one stretch."""

_LEVEL = 22
_TOP = 11
_BAR = 10
_LEAST = 0.002
_APART = 0.012
"""Parts of the width: the narrowest bar, and two signs side by side."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something on a lane: its place, what it means, and where it leads (to '' if nowhere)."""

    id: str
    name: str
    kind: str
    x: str
    width: str
    y: int
    sign: str
    sign_x: str
    title: str
    url: str
    begin: datetime
    state: str
    length: str
    is_hollow: bool = False
    height: int = _BAR

    @property
    def sign_y(self) -> int:
        """Where the sign above it stands."""
        return self.y - 2


_Planned = tuple[float, float, Mark]


@dataclass(kw_only=True)
class Lane:
    """What belongs to one job, or to one host. ``unknown`` is the width that is not known of."""

    name: str
    url: str = ""
    remark: str = ""
    marks: list[Mark] = field(default_factory=list)
    levels: int = 1
    unknown: str = ""
    planned: list[_Planned] = field(default_factory=list)
    """Begin and width of what is to come, until it is known what lies beside it."""

    def settle(self) -> None:
        """Stack what is to come, so that nothing hides anything else."""
        free: list[float] = []
        for begin, width, mark in sorted(self.planned, key=lambda one: one[0]):
            level = next((i for i, end in enumerate(free) if end <= begin), len(free))
            level = min(level, LEVELS - 1)
            free += [0.0] * (level + 1 - len(free))
            free[level] = max(free[level], begin + width)
            self.marks.append(replace(mark, y=level * _LEVEL + _TOP))
        self.levels = max(self.levels, len(free))
        self.planned = []

    @property
    def height(self) -> int:
        """In pixels."""
        return max(1, self.levels) * _LEVEL + 2


@dataclass(frozen=True, kw_only=True)
class Drawer:
    """Draws in a window. ``log_url`` and ``logs_url`` lead to a log and to the list of logs.

    ``names`` are those of jobs, told where a lane has those of several.
    """

    window: Window
    log_url: Callable[[int], str]
    logs_url: Callable[[dict[str, Any]], str]
    names: dict[int, str] = field(default_factory=dict)

    def ran(self, lane: Lane, runs: Iterable[Runs]) -> None:
        """Draw runs on a lane."""
        window = self.window
        bars = merged(runs, window.start, window.zoom.span, window.now)
        placed = stacked(bars, window.now)
        lane.levels = max((one.level + 1 for one in placed), default=1)
        signs = _Signs()
        lane.marks += [self._bar(one, signs) for one in placed]

    def goes_on(self, lane: Lane, job: Any, runs: Iterable[Runs], usual: timedelta | None) -> None:
        """Draw when the runs of a job that go on will end, if they take as long as usual."""
        now = self.window.now
        for one in runs:
            end = one.begin + (usual or timedelta())
            if one.end is None and now < end and self.window.shows_now:
                words = _("ends at about %s, if it takes as long as usual") % _clock(end)
                begin = self.window.place(now)
                lane.planned.append(
                    self._planned(job, now, self._width(begin, end), words, "coming")
                )

    def comes(
        self, lane: Lane, job: Any, plan: Agenda, usual: timedelta | None, hold: Holding
    ) -> None:
        """Draw the runs to come of a job, each as long as its runs usually take."""
        window = self.window
        lane.planned += self._due(job, plan, hold)
        start = max(window.start, window.now)
        coming = plan.between(start, window.end, MOST_TO_COME)
        if coming.count > len(coming.moments):
            lane.planned.append(self._stretch(job, plan, coming.moments[0], coming.count, hold))
        else:
            lane.planned += [self._to_come(job, one, usual, hold) for one in coming.moments]

    # What has run

    def _bar(self, placed: Placed, signs: _Signs) -> Mark:
        runs, now = placed.runs, self.window.now
        begin = self.window.place(runs.begin)
        width = self._width(begin, runs.until(now))
        kind = str(runs.status.value)
        has_sign = runs.status != Status.SUCCEEDED  # what went well is quiet
        middle = begin + width / 2
        return Mark(
            id=f"log-{runs.log_id}",
            name=self._name(runs),
            kind=kind,
            x=x(begin),
            width=x(width),
            y=placed.level * _LEVEL + _TOP,
            sign=display.sign_of(kind) if has_sign and signs.fits(middle) else "",
            sign_x=x(middle),
            title=self._said(runs),
            url=self._url(runs),
            begin=runs.begin,
            state=_state(runs),
            length=display.duration(runs.until(now) - runs.begin),
            is_hollow=runs.status == Status.SKIPPED,
        )

    def _said(self, runs: Runs) -> str:
        values = {
            "name": self._name(runs),
            "start": _clock(runs.begin),
            "end": _clock(runs.until(self.window.now)),
            "state": _state(runs),
            "length": display.duration(runs.until(self.window.now) - runs.begin),
        }
        if runs.count > 1:
            return _("%(name)s, %(start)s to %(end)s: %(state)s") % values
        if runs.status == Status.SKIPPED:
            return _("%(name)s, %(start)s: %(state)s") % values
        return _("%(name)s, %(start)s: %(state)s, %(length)s") % values

    def _name(self, runs: Runs) -> str:
        if len(runs.jobs) > 1:
            return ngettext("%d job", "%d jobs", len(runs.jobs)) % len(runs.jobs)
        return display.visible(self.names.get(runs.job_id, ""))

    def _url(self, runs: Runs) -> str:
        if runs.count == 1:
            return self.log_url(runs.log_id)
        wanted = {
            "run_start_datetime__gte": to_stored(runs.begin).isoformat(),
            "run_start_datetime__lte": to_stored(runs.last_begin).isoformat(),
        }
        if len(runs.jobs) == 1:
            wanted["job__id__exact"] = str(runs.job_id)
        return self.logs_url(wanted)

    # What is to come

    def _due(self, job: Any, plan: Agenda, hold: Holding) -> Iterator[_Planned]:
        """What should have begun by now, and the next try of what has failed."""
        window = self.window
        if plan.retry_at is not None and plan.retry_at >= window.now:
            if window.start <= plan.retry_at < window.end:
                yield self._planned(job, plan.retry_at, _LEAST, _("next attempt"), "waiting")
        elif plan.due is not None and plan.due < window.now and window.shows_now:
            held = hold(window.now)
            kind, words = ("paused", held.reason) if held else ("waiting", _("due"))
            place = window.place(plan.due)
            yield self._planned(job, plan.due, self._width(place, window.now), words, kind)

    def _to_come(
        self, job: Any, moment: datetime, usual: timedelta | None, hold: Holding
    ) -> _Planned:
        begin = self.window.place(moment)
        width = self._width(begin, moment + (usual or timedelta()))
        held = hold(moment)
        if held is not None:
            return self._planned(job, moment, width, held.reason, "paused")
        words = _("to come")
        if usual is not None:
            words = _("to come, usually takes %s") % display.duration(usual)
        return self._planned(job, moment, width, words, "coming")

    def _stretch(
        self, job: Any, plan: Agenda, first: datetime, count: int, hold: Holding
    ) -> _Planned:
        words = ngettext("%(rule)s: %(count)d run", "%(rule)s: %(count)d runs", count)
        held = hold(first)
        kind, why = ("paused", f" ({held.reason})") if held else ("coming", "")
        width = self._width(self.window.place(first), self.window.end)
        said = words % {"rule": plan.words, "count": count}
        return self._planned(job, first, width, said + why, kind)

    def _planned(self, job: Any, moment: datetime, width: float, words: str, kind: str) -> _Planned:
        begin = self.window.place(moment)
        said = {"name": display.visible(job.name), "start": _clock(moment)}
        mark = Mark(
            id=f"job-{job.pk}-{moment:%Y%m%d%H%M%S}",
            name=said["name"],
            kind=kind,
            x=x(begin),
            width=x(width),
            y=_TOP,
            sign=display.sign_of(kind),
            sign_x=x(begin),
            title=_("%(name)s, %(start)s: %(state)s") % {**said, "state": words},
            url="",
            begin=moment,
            state=words,
            length="",
            is_hollow=True,
        )
        return begin, width, mark

    def _width(self, begin: float, end: datetime) -> float:
        return min(max(_LEAST, self.window.place(end) - begin), max(_LEAST, 1 - begin))


Holding = Callable[[datetime], Hold | None]
"""What keeps a job from starting at a moment, or None."""


class _Signs:
    """Signs stand beside each other, not upon each other."""

    def __init__(self) -> None:
        self._last = -1.0

    def fits(self, place: float) -> bool:
        """Whether there is room here; then it is taken."""
        if abs(place - self._last) < _APART:
            return False
        self._last = place
        return True


def _state(runs: Runs) -> str:
    label = str(runs.status.label)
    if runs.count == 1:
        return label
    words = ngettext("%(count)d run, %(state)s", "%(count)d runs, %(state)s", runs.count)
    return words % {"count": runs.count, "state": label}


def _clock(moment: datetime) -> str:
    """A moment of the window, as somebody reads it on a clock; with its day."""
    return display.plain_moment(to_stored(moment))
