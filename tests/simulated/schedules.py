"""Schedules of every kind, as the package takes them and as the oracle understands them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.simulated.oracle import Every, OnTheClock, Rule

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "UTC",
)
CHANGES = (
    datetime.fromisoformat("2026-03-29T01:00:00+00:00"),  # Berlin skips 02:00 to 03:00
    datetime.fromisoformat("2026-10-25T01:00:00+00:00"),  # Berlin repeats 02:00 to 03:00
    datetime.fromisoformat("2026-04-04T15:00:00+00:00"),  # Lord Howe repeats half an hour
    datetime.fromisoformat("2026-03-08T07:00:00+00:00"),  # New York skips
    datetime.fromisoformat("2026-11-01T06:00:00+00:00"),  # New York repeats
    datetime.fromisoformat("2026-10-03T15:30:00+00:00"),  # Lord Howe skips half an hour
)
"""Moments at which clocks are changed; a simulation has one in its middle."""

ANY_DAY = frozenset(range(7))
ANY_HOUR = frozenset(range(24))


def _cron(minute: str, hour: str, weekday: str, zone: str) -> dict[str, Any]:
    expression = f"{minute} {hour} * * {weekday}"
    return {"frequency": "CRON", "cron_expression": expression, "timezone": zone}


def _each_few_minutes(_: datetime, chance: random.Random) -> tuple[dict[str, Any], Rule]:
    zone, step = chance.choice(ZONES), chance.choice((5, 10, 20, 30, 30))
    rule = OnTheClock(
        minutes=frozenset(range(0, 60, step)),
        hours=ANY_HOUR,
        weekdays=ANY_DAY,
        zone=zone,
        follows=True,
    )
    return _cron(f"*/{step}", "*", "*", zone), rule


def _by_hours(_: datetime, chance: random.Random) -> tuple[dict[str, Any], Rule]:
    zone, step, minute = chance.choice(ZONES), chance.choice((1, 2, 3)), chance.randrange(60)
    rule = OnTheClock(
        minutes=frozenset({minute}),
        hours=frozenset(range(0, 24, step)),
        weekdays=ANY_DAY,
        zone=zone,
        follows=True,
    )
    return _cron(str(minute), f"*/{step}", "*", zone), rule


def _fixed(_: datetime, chance: random.Random) -> tuple[dict[str, Any], Rule]:
    zone, minutes = chance.choice(ZONES), sorted(chance.sample(range(60), 2))
    hours = sorted({1, 2, chance.randrange(24), chance.randrange(24)})
    weekdays, named = chance.choice((("*", ANY_DAY), ("6,0", {5, 6}), ("1-5", set(range(5)))))
    rule = OnTheClock(
        minutes=frozenset(minutes),
        hours=frozenset(hours),
        weekdays=frozenset(named),
        zone=zone,
        follows=False,
    )
    return _cron(_listed(minutes), _listed(hours), weekdays, zone), rule


def _listed(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))


def _interval(start: datetime, chance: random.Random) -> tuple[dict[str, Any], Rule]:
    minutes = chance.choice((4, 7, 15, 25, 45, 90))
    first = start + timedelta(minutes=chance.randint(1, 20))
    fields = {"frequency": "MINUTELY", "params": f"interval:{minutes}", "next_run": first}
    return {**fields, "timezone": chance.choice(ZONES)}, Every(minutes=minutes, first=first)


def _hourly(start: datetime, chance: random.Random) -> tuple[dict[str, Any], Rule]:
    hours = chance.choice((1, 1, 2, 5))
    first = start + timedelta(minutes=chance.randint(1, 90))
    fields = {"frequency": "HOURLY", "params": f"interval:{hours}", "next_run": first}
    return {**fields, "timezone": chance.choice(ZONES)}, Every(minutes=60 * hours, first=first)


def _daily(_: datetime, chance: random.Random) -> tuple[dict[str, Any], Rule]:
    return _calendar("DAILY", "", ANY_DAY, chance)


def _weekly(_: datetime, chance: random.Random) -> tuple[dict[str, Any], Rule]:
    return _calendar("WEEKLY", "byweekday:SA,SU,MO;", frozenset({5, 6, 0}), chance)


def _calendar(
    frequency: str, days: str, weekdays: frozenset[int], chance: random.Random
) -> tuple[dict[str, Any], Rule]:
    zone, minute = chance.choice(ZONES), chance.choice((0, 15, 30, 45))
    hours = sorted({chance.choice((1, 2, 3)), *chance.sample(range(24), 5)})
    params = f"{days}byhour:{_listed(hours)};byminute:{minute};bysecond:0"
    rule = OnTheClock(
        minutes=frozenset({minute}),
        hours=frozenset(hours),
        weekdays=weekdays,
        zone=zone,
        follows=False,
    )
    return {"frequency": frequency, "params": params, "timezone": zone}, rule


KINDS: tuple[Callable[[datetime, random.Random], tuple[dict[str, Any], Rule]], ...] = (
    *(_each_few_minutes, _by_hours, _fixed, _interval, _hourly, _daily, _weekly),
)
"""Each draws a job's columns, for a job made at this moment, and the rule they mean."""
