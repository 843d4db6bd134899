"""Times as people type them on a command line; each function is an argparse type."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from chroniker import durations
from chroniker.moments import to_instant

_LENGTH = re.compile(rf"{durations.PATTERN}|[0-9]{{1,9}}", re.IGNORECASE)


def duration(text: str) -> timedelta:
    """A length of time above 0: seconds (``90``), or such as ``15m``, ``2h``, ``1w``, ``1h30m``."""
    text = text.strip()
    if not _LENGTH.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no length of time; write for instance 90s, 15m, 2h, 1d, 1w or 1h30m"
        )
    try:
        length = durations.parse(f"{text}s" if text.isdecimal() else text)
    except OverflowError:
        raise argparse.ArgumentTypeError(f"{text!r} is longer than the calendar") from None
    if not length:
        raise argparse.ArgumentTypeError(f"{text!r} is no time at all")
    return length


def moment(text: str) -> datetime:
    """A date, or a date and time, in ISO format, as an instant in UTC.

    Without an offset it is meant in the project's time zone; a date is its midnight.
    """
    try:
        return to_instant(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date; write for instance 2030-12-31, 2030-12-31T18:00 or "
            "2030-12-31T18:00+01:00"
        ) from None


def last_moment(text: str) -> datetime:
    """The same as :func:`moment`, but of a date it is the end of that day."""
    try:
        following = date.fromisoformat(text.strip()) + timedelta(days=1)
    except (ValueError, OverflowError):  # no bare date, or the calendar's last
        return moment(text)
    return moment(following.isoformat()) - timedelta.resolution


def in_words(instant: datetime) -> str:
    """An aware instant on the project's clock, to the second, with its zone."""
    local = instant.astimezone(timezone.get_default_timezone())
    return f"{local:%Y-%m-%d %H:%M:%S %Z}"


def later(now: datetime, length: timedelta) -> datetime | None:
    """The instant so much later; None if no calendar has it."""
    try:
        return (now + length).astimezone(UTC)
    except OverflowError:
        return None
