"""A job's schedule as a cron expression, where one says exactly the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chroniker import constants
from chroniker.exceptions import InvalidSchedule
from chroniker.schedules.cron_expression import parse_expression
from chroniker.schedules.cron_field import WEEKDAY, normalise
from chroniker.schedules.params import RuleParams, parse_params
from chroniker.schedules.wall_clock import find_zone

_OURS_ALONE = re.compile(r"[LW#]", re.IGNORECASE)
_HOUR = 60
_LAST_DAY_OF_ALL_MONTHS = 28
_UNSAYABLE = ("bysetpos", "byyearday", "byweekno", "byeaster")
_WITH_A_DAY = (constants.YEARLY, constants.MONTHLY)
_WITHIN_A_DAY = (constants.HOURLY, constants.MINUTELY)
_RULES = (*_WITH_A_DAY, constants.WEEKLY, constants.DAILY, *_WITHIN_A_DAY)


def expression_of(fields: Mapping[str, Any], zone_name: str) -> str | None:
    """Five fields (or an alias), None if no crontab can say it."""
    try:
        if fields["frequency"] == constants.CRON:
            return _plain_cron(fields["cron_expression"])
        if fields["frequency"] not in _RULES:
            return None
        params = parse_params(fields["params"] or "", strict=False)
        return _of_rule(fields["frequency"], params, _first(fields, zone_name))
    except InvalidSchedule:
        return None


def _plain_cron(expression: str) -> str | None:
    """As every cron reads it: without the days that only some know, and weeks that wrap."""
    parse_expression(expression)
    parts = expression.split()
    if len(parts) == 1:
        return parts[0].lower()
    if any(_OURS_ALONE.search(re.sub("[a-z]{3}", "", part.lower())) for part in parts):
        return None
    if re.search("[a-z]", parts[-1].lower()) or "-" in parts[-1]:
        plain = normalise(parts[-1], WEEKDAY)
        parts[-1] = parts[-1] if re.fullmatch("[0-6]-[0-6]", parts[-1]) else plain
    return " ".join(parts)


def _first(fields: Mapping[str, Any], zone_name: str) -> datetime | None:
    """The first occurrence on the job's clock: what a rule does not say, it takes from there."""
    first: datetime | None = fields.get("anchor") or fields.get("next_run")
    return None if first is None else first.astimezone(find_zone(zone_name, listed=False))


def _of_rule(frequency: str, params: RuleParams, first: datetime | None) -> str | None:
    limited = params.count is not None or params.until is not None
    if first is None or limited or any(getattr(params, name) for name in _UNSAYABLE):
        return None
    if (params.bysecond or (first.second,)) != (0,) or first.microsecond:
        return None
    if params.interval > 1:
        return _of_minutes(frequency, params, first)
    days = _days(frequency, params, first)
    if days is None:
        return None
    every_minute = frequency == constants.MINUTELY
    minutes = params.byminute or (() if every_minute else (first.minute,))
    hours = params.byhour or (() if frequency in _WITHIN_A_DAY else (first.hour,))
    return " ".join((_list(minutes), _list(hours), *days))


def _of_minutes(frequency: str, params: RuleParams, first: datetime) -> str | None:
    """Every so many minutes, if that comes out even with the hour."""
    if frequency != constants.MINUTELY or params.filters:
        return None
    even = _HOUR % params.interval == 0 and first.minute % params.interval == 0
    return f"*/{params.interval} * * * *" if even and params.interval < _HOUR else None


def _days(frequency: str, params: RuleParams, first: datetime) -> tuple[str, str, str] | None:
    """Day of the month, month and day of the week."""
    if any(day < 0 for day in params.bymonthday) or (params.bymonthday and params.byweekday):
        return None
    months, days, weekdays = params.bymonth, params.bymonthday, params.byweekday
    if frequency == constants.WEEKLY and not (weekdays or days):
        weekdays = (first.weekday(),)
    if frequency in _WITH_A_DAY and not (weekdays or days):
        if first.day > _LAST_DAY_OF_ALL_MONTHS:
            return None
        days = (first.day,)
        if frequency == constants.YEARLY:
            months = months or (first.month,)
    elif frequency == constants.YEARLY and not months:
        return None
    of_cron = tuple(sorted((day + 1) % 7 for day in weekdays))
    return _list(days), _list(months), _list(of_cron)


def _list(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values)) or "*"
