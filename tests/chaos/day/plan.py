"""What goes wrong in a simulation, and what people do, in minutes from its start."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

HOSTS = ("one", "two", "three")
DIES = "three"
"""The host that dies in the middle of a run and never comes back."""

Stretch = range


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Drawn once; ``minutes`` is all there are."""

    minutes: int
    no_ticks: dict[str, list[Stretch]]
    """When a host's crontab is not served; what runs there goes on."""
    off: dict[str, list[Stretch]]
    """When a host is switched off, and what ran there dies."""
    dies_from: int
    database_away: list[Stretch]
    disabled: dict[str, Stretch]
    forced: list[tuple[int, str]]
    stops: frozenset[int]

    def ticks(self, host: str, minute: int) -> bool:
        """Whether its crontab is served."""
        return not any(minute in stretch for stretch in self.no_ticks[host])

    def is_on(self, host: str, minute: int) -> bool:
        """Whether it is switched on."""
        return not any(minute in stretch for stretch in self.off[host])


def draw(minutes: int, plain_jobs: Sequence[str], chance: random.Random) -> Plan:
    """A plan for so many minutes; requests are made for ``plain_jobs``."""

    def stretch(share: float) -> Stretch:
        length = max(2, round(minutes * share))
        begin = chance.randrange(max(1, minutes - length))
        return range(begin, begin + length)

    outage = stretch(0.11)  # of all hosts: 160 minutes of a day
    chosen = chance.sample(list(plain_jobs), max(2, len(plain_jobs) // 8))
    others = [name for name in plain_jobs if name not in chosen]
    return Plan(
        minutes=minutes,
        no_ticks={host: [outage, stretch(0.04), stretch(0.01)] for host in HOSTS},
        off={"one": [], "two": [stretch(0.02), stretch(0.005)], DIES: []},
        dies_from=round(minutes * chance.uniform(0.3, 0.6)),
        database_away=[stretch(0.01), stretch(0.003)],
        disabled={name: stretch(chance.uniform(0.05, 0.3)) for name in chosen},
        forced=[(chance.randrange(minutes), chance.choice(others)) for _ in others],
        stops=frozenset(chance.sample(range(minutes), max(1, minutes // 40))),
    )
