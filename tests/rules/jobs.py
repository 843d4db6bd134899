"""Random jobs: what the package is given, and what the model is told of the same job."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.rules.times import Times, Window
from tests.simulated.oracle import Rule
from tests.simulated.schedules import KINDS

HOSTS = ("one", "two")
KEYS = ("red", "blue")
ALWAYS = Window()


@dataclass(frozen=True, kw_only=True)
class Need:
    """For what of another job one waits."""

    name: str
    completion: bool
    success: bool
    next_run: bool
    fresh: bool


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One job. ``kind`` is 'rule', 'once', 'manual' or 'chained'."""

    name: str
    kind: str
    columns: dict[str, Any]
    """How the package is told of its schedule."""
    rule: Rule | None = None
    only: datetime | None = None
    active: Window = ALWAYS
    jitter: int = 0
    misfire: str
    grace: int
    overlap: str
    key: str
    weight: int
    priority: int
    max_retries: int
    retry_delay: int
    backoff: float
    hostname: str
    needs: list[Need] = field(default_factory=list)
    longest_seconds: int
    ends_badly: float
    """The share of its runs that does not succeed."""

    @property
    def fields(self) -> dict[str, Any]:
        """Its columns in the package's table."""
        return {
            **self.columns,
            "active_from": self.active.begin,
            "active_until": self.active.end,
            "jitter_seconds": self.jitter,
            "name": self.name,
            "command": "succeed",
            "misfire_policy": self.misfire,
            "misfire_grace_seconds": self.grace,
            "overlap_policy": self.overlap,
            "concurrency_key": self.key,
            "weight": self.weight,
            "priority": self.priority,
            "max_retries": self.max_retries,
            "retry_delay_seconds": self.retry_delay,
            "retry_backoff": self.backoff,
            "hostname": self.hostname or None,
            "email_errors_to_subscribers": False,
            "maximum_log_entries": 60,
        }


def draw(count: int, start: datetime, chance: random.Random) -> list[Spec]:
    """So many jobs; some wait for others that come before them."""
    made: list[Spec] = []
    for number in range(count):
        needs = _needs(made, chance) if made and chance.random() < 0.35 else []
        kind = _kind(chance, waits=bool(needs))
        times = _times(kind, needs, made, start, chance)
        times["active"] = _active(kind, times, start, chance)
        times["jitter"] = chance.choice((0, 0, 0, 20, 90, 600)) if kind == "rule" else 0
        made.append(
            Spec(name=f"job {number:02}", kind=kind, needs=needs, **times, **_rules(chance))
        )
    return made


def _kind(chance: random.Random, *, waits: bool) -> str:
    if waits and chance.random() < 0.4:
        return "chained"
    return chance.choices(("rule", "once", "manual"), (18, 1, 1))[0]


def _needs(made: list[Spec], chance: random.Random) -> list[Need]:
    wanted = chance.sample(made, min(len(made), chance.choice((1, 1, 2))))
    return [
        Need(
            name=one.name,
            completion=chance.random() < 0.7,
            success=chance.random() < 0.6,
            next_run=one.kind == "rule" and chance.random() < 0.4,
            fresh=chance.random() < 0.3,
        )
        for one in wanted
    ]


def _times(
    kind: str, needs: list[Need], made: list[Spec], start: datetime, chance: random.Random
) -> dict[str, Any]:
    if kind == "once":
        only = start.replace(second=0) + timedelta(minutes=chance.randint(5, 600))
        return {"columns": {"frequency": "ONCE", "next_run": only}, "only": only}
    if kind != "rule":
        return {"columns": {"frequency": kind.upper()}}
    before = next((one for one in made if needs and one.name == needs[0].name), None)
    if before is not None and before.kind == "rule" and chance.random() < 0.6:
        # At the same times, so that it waits for the run of its own time.
        return {"columns": before.columns, "rule": before.rule}
    columns, rule = chance.choices(KINDS, (4, 2, 1, 4, 2, 1, 1))[0](start, chance)
    return {"columns": columns, "rule": rule}


def _active(kind: str, times: dict[str, Any], start: datetime, chance: random.Random) -> Window:
    """When it is active: mostly always, and not for so short that it would never run."""
    if kind == "once" or chance.random() < 0.6:
        return ALWAYS
    begin, end = None, None
    # What is typed as the next run is not moved into the time in which the job is active.
    if chance.random() < 0.5 and "next_run" not in times["columns"]:
        begin = start + timedelta(minutes=chance.randint(1, 3000))
    if chance.random() < 0.7:
        end = (begin or start) + timedelta(minutes=chance.choice((200, 1000, 5000, 20000)))
    window = Window(begin=begin, end=end)
    is_never = kind == "rule" and Times(start, times["rule"], None, window).after(start) is None
    return ALWAYS if is_never else window


def _rules(chance: random.Random) -> dict[str, Any]:
    misfire = chance.choice(("coalesce", "skip", "backfill"))
    overlap = "skip" if misfire == "backfill" else chance.choice(("skip", "skip", "restart"))
    return {
        "misfire": misfire,
        "grace": chance.choice((0, 60, 300, 1800)),
        "overlap": overlap,
        "key": chance.choice(("", "", "", *KEYS)),
        "weight": chance.choice((0, 1, 1, 2, 3)),
        "priority": chance.choice((-1, 0, 0, 0, 5)),
        "max_retries": chance.choice((0, 0, 1, 3, -1)),
        "retry_delay": chance.choice((0, 30, 120, 600)),
        "backoff": chance.choice((1.0, 1.0, 2.0)),
        "hostname": chance.choice(("", "", "", "", *HOSTS)),
        "longest_seconds": chance.choice((30, 60, 300, 1200, 4000)),
        "ends_badly": chance.choice((0.02, 0.1, 0.4)),
    }
