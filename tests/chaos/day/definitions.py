"""Jobs of every kind, as the package takes them and as the oracle understands them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulated.oracle import Rule
from tests.simulated.schedules import KINDS


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One job: its columns, its rule, and how its runs go."""

    name: str
    fields: dict[str, Any]
    rule: Rule
    longest_seconds: int
    """Its runs take up to this long."""
    ends_badly: float
    """The share of them that fails; half as many die with their watcher."""
    everywhere: bool = False
    waits_for: list[str] = field(default_factory=list)


def draw(count: int, start: datetime, chance: random.Random) -> list[Definition]:
    """So many jobs; every seventh waits for the one before, every eighth runs on all hosts."""
    made: list[Definition] = []
    for number in range(count):
        fields, rule = KINDS[number % len(KINDS)](start, chance)
        waits_for = []
        if number % 7 == 6:
            # On the same times, so that it waits for the run of its own time.
            before = made[-1]
            fields = {**before.fields, "jitter_seconds": 0}
            rule, waits_for = before.rule, [before.name]
        if number % 5 == 1:
            fields["jitter_seconds"] = chance.randint(10, 150)
        everywhere = number % 8 == 3
        made.append(
            Definition(
                name=f"job {number:03}",
                fields={**fields, "hostname": "*" if everywhere else None},
                rule=rule,
                longest_seconds=chance.choice((30, 60, 150, 150, 900)),
                ends_badly=chance.choice((0.02, 0.05, 0.3)),
                everywhere=everywhere,
                waits_for=waits_for,
            )
        )
    return made
