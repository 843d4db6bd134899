"""What a call of ``update_progress()`` costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from statistics import median

from benchmarks.processes import BenchmarkError
from benchmarks.report import Row
from benchmarks.scenarios import Bench

CALLS = 1_000_000
MOST_MICROSECONDS = 5


def measure(bench: Bench) -> Iterator[Row]:
    """A job that calls it a million times, with its heartbeat going on."""
    bench.stage.ask("jobs", count=1, command="report_often", args=str(CALLS))
    answers = []
    for number in range(min(bench.rounds, 5)):
        bench.tell(f"round {number + 1}")
        bench.stage.ask("due", count=1)
        bench.cron(succeeded=1)
        answers.append(json.loads(bench.stage.ask("output")))
        if bench.stage.ask("progress") != CALLS - 1:
            raise BenchmarkError("the last progress did not reach the database")
    yield Row(
        what="update_progress(), a call",
        value=median(answer["seconds"] / answer["calls"] for answer in answers) * 1e6,
        unit="µs",
        bound=MOST_MICROSECONDS,
    )
    yield Row(
        what="update_progress(), SQL statements",
        value=max(answer["statements"] for answer in answers),
        unit="",
        bound=0,
    )
