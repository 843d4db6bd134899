"""What a tick costs that has nothing to do."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.comparison import in_turns
from benchmarks.report import Row
from benchmarks.scenarios import Bench

MOST = 1.15
COUNTS = (10, 10_000)


def measure(bench: Bench) -> Iterator[Row]:
    """``manage.py cron`` beside a bare process with ``django.setup()`` and one query."""
    for count in COUNTS:
        bench.stage.ask("jobs", count=count, command="do_nothing")
        found = in_turns(
            bench.rounds, bench.cron, lambda: bench.floor("one_query"), tell=bench.tell
        )
        what = f"idle tick, {count:,} jobs"
        yield Row(what=f"{what}: wall", value=found.wall_ratio(), bound=MOST)
        yield Row(what=f"{what}: CPU", value=found.cpu_ratio(), bound=MOST)
    statements, kinds = bench.statements()
    yield Row(what="idle tick: SQL statements", value=statements, unit="", note=kinds)
