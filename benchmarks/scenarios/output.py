"""What it costs to keep what a job prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from benchmarks.comparison import in_turns
from benchmarks.processes import BenchmarkError, Measured
from benchmarks.report import Row
from benchmarks.scenarios import Bench

LINES = 1_000_000
QUICK_LINES = 200_000
FEW_LINES = 1_000
MOST = 1.3
MOST_ROUNDS = 5
MOST_MIB_FOR_THE_STORED = 48
"""5 MiB of a stream are stored: held as bytes, as text, and by the database's driver."""
MOST_MIB_FOR_MORE = 4


def measure(bench: Bench) -> Iterator[Row]:
    """A job with many short lines, beside its command with line-buffered output to a file."""
    lines = QUICK_LINES if bench.quick else LINES
    path = bench.folder / "output"
    floor = partial(bench.floor, "command_to_file", str(path), "print_lines_in_bulk", str(lines))
    found = in_turns(
        min(bench.rounds, MOST_ROUNDS), lambda: _run(bench, lines), floor, tell=bench.tell
    )
    path.unlink()
    yield Row(
        what=f"{lines:,} lines: wall",
        value=found.wall_ratio(),
        bound=MOST,
        note=f"CPU {found.cpu_ratio():.2f} x; {found.ours[-1].wall / lines * 1e6:.2f} µs a line",
    )
    yield from _memory(bench)
    yield _lost(bench, lines)


def _run(bench: Bench, lines: int) -> Measured:
    bench.stage.ask("jobs", count=1, command="print_lines_in_bulk", args=str(lines))
    bench.stage.ask("due", count=1)
    return bench.cron(succeeded=1)


def _memory(bench: Bench) -> Iterator[Row]:
    """The largest process: what is stored takes memory, and no more however much is printed."""
    few, many, more = (_run(bench, lines).peak_mib for lines in (FEW_LINES, LINES, 2 * LINES))
    yield Row(
        what=f"memory: {LINES:,} lines above {FEW_LINES:,}",
        value=many - few,
        unit="MiB",
        bound=MOST_MIB_FOR_THE_STORED,
        note=f"{few:.0f} MiB for {FEW_LINES:,} lines; 5 MiB of text are stored",
    )
    yield Row(
        what=f"memory: {2 * LINES:,} lines above {LINES:,}",
        value=more - many,
        unit="MiB",
        bound=MOST_MIB_FOR_MORE,
    )


def _lost(bench: Bench, lines: int) -> Row:
    """Once more with all of the output stored, to compare each line."""
    whole = {**bench.env, "CHRONIKER_BENCH_MAX_OUTPUT": str(lines * 16)}
    _run(replace(bench, env=whole), lines)
    if not bench.stage.ask("output_counts_to", count=lines):
        raise BenchmarkError("lines of the output were lost, or came out of order")
    return Row(what=f"{lines:,} lines: lost or out of order", value=0, unit="", bound=0)
