"""Periods as ``every="15m"`` and ``at="05:30"`` say them, as a frequency and its parameters."""

from __future__ import annotations

import re

from chroniker import constants
from chroniker.exceptions import InvalidDeclaration

_UNITS = {
    "s": constants.SECONDLY,
    "m": constants.MINUTELY,
    "h": constants.HOURLY,
    "d": constants.DAILY,
    "w": constants.WEEKLY,
}
_PERIOD = re.compile(r"([1-9][0-9]{0,5})([smhdw])", re.ASCII)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


def as_rule(every: object, at: object = None) -> tuple[str, str]:
    """The frequency and the parameters of a rule that comes once in each such period.

    ``at`` is the time of day for periods of days and weeks, on the clock of the job's zone.
    Raises InvalidDeclaration.
    """
    found = _PERIOD.fullmatch(every.strip().lower()) if isinstance(every, str) else None
    if found is None:
        raise InvalidDeclaration(f"every={every!r}: write 30s, 15m, 2h, 1d or 1w.")
    number, unit = found.groups()
    params = f"interval:{number}"
    if at is not None:
        params += _at(at, unit, every)
    return _UNITS[unit], params


def _at(at: object, unit: str, every: object) -> str:
    clock = _CLOCK.fullmatch(at.strip()) if isinstance(at, str) else None
    if clock is None:
        raise InvalidDeclaration(f"at={at!r}: write a time of day, such as 05:30.")
    if unit not in "dw":
        raise InvalidDeclaration(
            f"at={at!r}: only what comes once in days or weeks has a time of day, not {every!r}."
        )
    hour, minute = map(int, clock.groups())
    return f";byhour:{hour};byminute:{minute};bysecond:0"
