"""Moments that are counted from now: ``now``, ``today``, ``-1h``, ``+2d``, ``today-1w``."""

from __future__ import annotations

import re
from datetime import datetime

from django.utils import timezone

from chroniker import durations

_RELATIVE = re.compile(rf"(now|today)?(?:([+-])({durations.PATTERN}))?", re.IGNORECASE)

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
    offset = durations.parse(match[3] or "") * (-1 if match[2] == "-" else 1)
    if (match[1] or "").lower() != "today":
        return (now + offset).astimezone(zone)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return timezone.make_aware(midnight + offset, zone)
