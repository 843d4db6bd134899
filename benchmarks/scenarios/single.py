"""What a run adds to its command's own time."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.comparison import in_turns
from benchmarks.processes import Measured
from benchmarks.report import Row
from benchmarks.scenarios import Bench

MOST_SECONDS = 0.2


def measure(bench: Bench) -> Iterator[Row]:
    """A tick with one due job that does nothing, beside ``manage.py`` with its command."""
    bench.stage.ask("jobs", count=1, command="do_nothing")

    def tick() -> Measured:
        bench.stage.ask("due", count=1)
        return bench.cron(succeeded=1)

    found = in_turns(bench.rounds, tick, lambda: bench.manage("do_nothing"), tell=bench.tell)
    yield Row(
        what="one due job: added to its command",
        value=found.added_wall(),
        unit="s",
        bound=MOST_SECONDS,
        note=f"{found.wall_ratio():.2f} x wall, {found.cpu_ratio():.2f} x CPU",
    )
