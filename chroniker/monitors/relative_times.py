"""Moments that are counted from now: ``now``, ``today``, ``-1h``, ``+2d``, ``today-1w``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.utils import timezone

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_RELATIVE = re.compile(r"(now|today)?(?:([+-])((?:[0-9]{1,9}[wdhms])+))?", re.IGNORECASE)
_PART = re.compile(r"([0-9]+)([wdhms])", re.IGNORECASE)

EXAMPLES = "now, today, -1h, -2d, +30m, today-1w"


def relative(text: str, now: datetime) -> datetime | None:
    """The moment on the project's clock, aware; None for a text that is no relative time.

    ``today`` is its last midnight, and what is added to it is counted on that clock; all else is
    elapsed time. ``now`` is aware. Raises OverflowError for what no calendar has.
    """
    match = _RELATIVE.fullmatch(text.strip())
    if match is None or not match[0]:
        return None
    zone = timezone.get_default_timezone()
    offset = _length(match[3] or "") * (-1 if match[2] == "-" else 1)
    if (match[1] or "").lower() != "today":
        return (now + offset).astimezone(zone)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return timezone.make_aware(midnight + offset, zone)


def _length(text: str) -> timedelta:
    parts = (
        timedelta(**{_UNITS[unit.lower()]: int(number)}) for number, unit in _PART.findall(text)
    )
    return sum(parts, timedelta())
