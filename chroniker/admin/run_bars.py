"""A job's last runs as a small drawing: a bar for each, as high as it was long, or found much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chroniker.admin import display
from chroniker.constants import Status
from chroniker.models import Log

HEIGHT = 24
STEP = 6
_WIDTH = 4
_LEAST = 4
_POINT = 3


def of_runs(runs: Sequence[Log], url_of: Callable[[int], str] | None) -> SafeString:
    """These runs, oldest first; with ``url_of`` each is a link to its log."""
    if not runs:
        return SafeString("")
    lengths = [log.duration or timedelta() for log in runs]
    longest = max(lengths) or timedelta(seconds=1)
    shares = [length / longest for length in lengths]
    return _drawing(runs, shares, [display.duration(log.duration) for log in runs], url_of)


def of_checks(runs: Sequence[Log], url_of: Callable[[int], str] | None) -> SafeString:
    """The same of a monitor's runs, with what each has counted instead of how long it took."""
    if not runs:
        return SafeString("")
    most = max(abs(log.monitor_records or 0) for log in runs) or 1
    shares = [abs(log.monitor_records or 0) / most for log in runs]
    told = [_found(log.monitor_records) for log in runs]
    return _drawing(runs, shares, told, url_of)


def _found(number: int | None) -> str:
    return _("no number") if number is None else formats.number_format(number)


def _drawing(
    runs: Sequence[Log],
    shares: Sequence[float],
    told: Sequence[str],
    url_of: Callable[[int], str] | None,
) -> SafeString:
    bars = [
        _bar(log, index * STEP, share, words, url_of)
        for index, (log, share, words) in enumerate(zip(runs, shares, told, strict=True))
    ]
    return display.drawing(
        bars, width=len(runs) * STEP, height=HEIGHT, label=_summary(runs), name="runs"
    )


def _bar(
    log: Log, x: int, share: float, told: str, url_of: Callable[[int], str] | None
) -> SafeString:
    state = Status(log.state)
    height = max(_LEAST, round(share * HEIGHT))
    title = _("%(moment)s: %(state)s, %(duration)s") % {
        "moment": display.plain_moment(log.run_start_datetime),
        "state": state.label,
        "duration": told,
    }
    bar = display.shape(state.value, outline(state, x, height), title)
    return bar if url_of is None else display.shape_link(url_of(log.pk), bar)


def outline(state: str, x: int, height: int) -> str:
    """The shape of a bar, which tells the result to those who do not see its colour.

    A success has a flat top, a failure a pointed one, a run that took too long a notch.
    """
    top, right, point = HEIGHT - height, x + _WIDTH, min(_POINT, height)
    middle = x + _WIDTH // 2
    tops = {
        Status.FAILED: f"V{top + point}L{middle} {top}L{right} {top + point}",
        Status.LOST: f"V{top + point}L{middle} {top}L{right} {top + point}",
        Status.TIMED_OUT: f"V{top}L{middle} {top + point}L{right} {top}",
    }
    return f"M{x} {HEIGHT}{tops.get(Status(state), f'V{top}H{right}')}V{HEIGHT}Z"


def _summary(runs: Sequence[Log]) -> str:
    """How many ended how, for a screen reader."""
    counted = Counter(Status(log.state) for log in runs)
    told = ", ".join(f"{count} × {status.label}" for status, count in counted.most_common())
    return _("Last runs: %s") % told
