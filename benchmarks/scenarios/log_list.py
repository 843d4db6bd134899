"""How long the list of logs takes to open where there are a million of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.report import Row
from benchmarks.scenarios import Bench

LOGS, QUICK_LOGS = 1_000_000, 100_000
JOBS = 100

MOST_QUERIES = 10
MOST_MS = 1000


def measure(bench: Bench) -> Iterator[Row]:
    """Every filter and order that is offered, and both ends of the list."""
    count = QUICK_LOGS if bench.quick else LOGS
    bench.tell(f"making {count:,} logs")
    bench.stage.ask("jobs", count=JOBS, command="do_nothing")
    bench.stage.ask("logs", count=count)
    bench.tell("opening the lists")
    found = [json.loads(line) for line in bench.manage("open_log_lists").output.splitlines()]
    for what, seconds, _queries in found:
        yield Row(what=f"{count:,} logs: {what}", value=seconds * 1000, unit="ms", bound=MOST_MS)
    yield Row(
        what=f"{count:,} logs: most queries of a page",
        value=max(queries for _what, _seconds, queries in found),
        unit="queries",
        bound=MOST_QUERIES,
    )
