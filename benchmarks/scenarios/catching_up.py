"""How long a schedule that is far behind takes to find its next instant."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.report import Row
from benchmarks.scenarios import Bench

DAYS = 40


def measure(bench: Bench) -> Iterator[Row]:
    """A rule for every second, 40 days behind."""
    seconds = median(bench.stage.ask("catch_up", days=DAYS) for _ in range(5))
    yield Row(what=f"next second of a rule {DAYS} days behind", value=seconds * 1000, unit="ms")
