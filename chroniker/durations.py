"""Lengths of time as people type them: ``90s``, ``15m``, ``2h``, ``1d``, ``1w``, ``1h30m``."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PART = re.compile(r"([0-9]{1,9})([wdhms])")

PATTERN = r"(?:[0-9]{1,9}[wdhms])+"
"""What :func:`parse` reads, in small letters."""


def parse(text: str) -> timedelta:
    """The length that a text of this ``PATTERN`` says, in any case of letters; '' is no time.

    Raises OverflowError for what is longer than the calendar.
    """
    parts = _PART.findall(text.lower())
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
