"""What a thousand jobs that are due at once do to a machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from benchmarks.report import Row
from benchmarks.scenarios import Bench

JOBS = 1_000
QUICK_JOBS = 100
_EACH_SECONDS = 0.05
_OTHERS = 3
"""The scheduler itself, this process, and whatever it starts besides runs."""


def measure(bench: Bench) -> Iterator[Row]:
    """One tick with so many due jobs, watched from outside."""
    count = QUICK_JOBS if bench.quick else JOBS
    bench.stage.ask("jobs", count=count, command="do_nothing")
    bench.stage.ask("due", count=count)
    with _watched() as peak:
        measured = bench.cron(succeeded=count)
    what = f"{count:,} jobs due at once"
    yield Row(what=f"{what}: wall", value=measured.wall, unit="s")
    yield Row(
        what=f"{what}: processes",
        value=peak.processes,
        unit="",
        bound=bench.stage.ask("capacity") + _OTHERS,
    )
    yield Row(what=f"{what}: memory of all of them", value=peak.mib, unit="MiB")


class _Peak:
    processes = 0
    mib = 0.0


@contextmanager
def _watched() -> Iterator[_Peak]:
    """Count this process's descendants, and what memory is theirs alone, again and again."""
    peak, ended = _Peak(), threading.Event()

    def watch() -> None:
        while not ended.wait(_EACH_SECONDS):
            tree = psutil.Process().children(recursive=True)
            peak.processes = max(peak.processes, len(tree))
            peak.mib = max(peak.mib, sum(map(_own_mib, tree)))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def _own_mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().uss) / 1024**2
    except psutil.Error:
        return 0.0
