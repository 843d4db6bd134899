"""How long the answers for machines take where there are a million logs, and jobs in trouble."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.report import Row
from benchmarks.scenarios import Bench

LOGS, QUICK_LOGS = 1_000_000, 100_000
JOBS = 1_000

BOUNDS = {
    "health": (500, 5),
    "health, all well": (250, 5),
    "metrics": (750, 12),
    "cron_status --nagios": (500, 8),
}
"""Milliseconds and queries."""


def measure(bench: Bench) -> Iterator[Row]:
    """Health, metrics, and the line for Nagios."""
    count = QUICK_LOGS if bench.quick else LOGS
    bench.tell(f"making {count:,} logs")
    bench.stage.ask("jobs", count=JOBS, command="do_nothing")
    bench.stage.ask("logs", count=count)
    bench.tell("asking")
    for line in bench.manage("ask_for_health").output.splitlines():
        what, seconds, queries = json.loads(line)
        most_ms, most_queries = BOUNDS[what]
        yield Row(what=f"{count:,} logs: {what}", value=seconds * 1000, unit="ms", bound=most_ms)
        yield Row(what=f"{count:,} logs: {what}", value=queries, unit="queries", bound=most_queries)
