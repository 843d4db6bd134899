"""The stretch of time that a timeline shows, and where in it a moment is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_QUARTER = timedelta(minutes=15)
_PAST = 0.75
"""How much of a window that follows the clock lies before now."""

_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_DIGITS = 12
_BESIDE = 0.04


@dataclass(frozen=True, kw_only=True)
class Zoom:
    """How much time is shown. ``grain`` is what runs are summed up by, in the database's words."""

    name: str
    title: str
    span: timedelta
    grain: str
    between_ticks: timedelta
    seconds: int
    """Between two looks for news."""


def zooms() -> list[Zoom]:
    """From the closest to the widest."""
    return [
        Zoom(
            name="1h",
            title=_("1 hour"),
            span=_HOUR,
            grain="second",
            between_ticks=10 * _MINUTE,
            seconds=3,
        ),
        Zoom(
            name="6h",
            title=_("6 hours"),
            span=6 * _HOUR,
            grain="minute",
            between_ticks=_HOUR,
            seconds=5,
        ),
        Zoom(
            name="24h",
            title=_("24 hours"),
            span=_DAY,
            grain="minute",
            between_ticks=3 * _HOUR,
            seconds=20,
        ),
        Zoom(
            name="7d",
            title=_("7 days"),
            span=7 * _DAY,
            grain="hour",
            between_ticks=_DAY,
            seconds=60,
        ),
    ]


_USUAL = "6h"


@dataclass(frozen=True)
class Tick:
    """A moment that the time axis names."""

    x: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Window:
    """From ``start`` to ``end`` (aware). ``follows`` the clock unless a start was asked for."""

    zoom: Zoom
    start: datetime
    now: datetime
    follows: bool

    @classmethod
    def of(cls, request: HttpRequest, now: datetime) -> Window:
        """What the address asks for: ``zoom``, and ``at``, its start in seconds since 1970."""
        known = {zoom.name: zoom for zoom in zooms()}
        zoom = known.get(request.GET.get("zoom", ""), known[_USUAL])
        at = request.GET.get("at", "")
        follows = not (at.isdecimal() and at.isascii() and len(at) <= _DIGITS)
        if follows:
            start = now - zoom.span * _PAST
        else:
            seconds = min(int(at), int(_LATEST.timestamp()))
            start = max(_EARLIEST, datetime.fromtimestamp(seconds, UTC))
        return cls(zoom=zoom, start=start, now=now, follows=follows)

    @property
    def end(self) -> datetime:
        """The first moment that is not shown."""
        return self.start + self.zoom.span

    def earlier(self) -> int:
        """The start of the window half a width before this one, in seconds since 1970."""
        return int((self.start - self.zoom.span / 2).timestamp())

    def later(self) -> int:
        """The start of the window half a width after this one, in seconds since 1970."""
        return int((self.start + self.zoom.span / 2).timestamp())

    def place(self, moment: datetime) -> float:
        """Where a moment is: 0 at the start, 1 at the end, and no further."""
        return min(1.0, max(0.0, (moment - self.start) / self.zoom.span))

    @property
    def shows_now(self) -> bool:
        """Whether now is in it."""
        return self.start <= self.now < self.end

    def ticks(self) -> list[Tick]:
        """The axis, in the current time zone: full hours of its clocks, or midnights."""
        now = self.place(self.now) if self.shows_now else -1.0
        ticks = []
        for moment, words in self._ticks():
            place = self.place(moment)
            # "now" stands there.
            ticks.append(Tick(x(place), "" if abs(place - now) < _BESIDE else words))
        return ticks

    def _ticks(self) -> Iterator[tuple[datetime, str]]:
        step = min(_QUARTER, self.zoom.between_ticks)
        passed = self.start - _EARLIEST
        moment = _EARLIEST + -(-passed // step) * step
        while moment < self.end:
            local = timezone.localtime(moment)
            since_midnight = timedelta(hours=local.hour, minutes=local.minute)
            if not since_midnight % self.zoom.between_ticks:
                yield moment, _words(local)
            moment += step


def x(place: float) -> str:
    """A place as SVG has it, the same in every language."""
    return f"{place * 100:.3f}%"


def _words(local: datetime) -> str:
    """A time of day; midnight by its date."""
    if local.hour or local.minute:
        return formats.time_format(local, "H:i")
    return formats.date_format(local, _("D j M"))
