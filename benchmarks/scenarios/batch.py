"""What each of many due jobs costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from benchmarks.comparison import Fastest, in_turns
from benchmarks.processes import Measured
from benchmarks.report import Row
from benchmarks.scenarios import Bench

JOBS = 100
MOST_MILLISECONDS = 25


def measure(bench: Bench) -> Iterator[Row]:
    """A tick with 100 due jobs that do nothing, less one with a single job; per job."""
    bench.stage.ask("jobs", count=JOBS, command="do_nothing")
    many, one = (
        in_turns(
            bench.rounds,
            partial(_tick, bench, count),
            partial(bench.floor, "fork_and_record", str(count)),
            tell=bench.tell,
        )
        for count in (JOBS, 1)
    )
    ours, floor = _each(many.ours, one.ours), _each(many.floor, one.floor)
    what, by_hand = f"each of {JOBS} due jobs", "x a fork with three statements"
    yield Row(
        what=f"{what}: wall",
        value=ours.wall,
        unit="ms",
        # A server's commits take as long as its disk and its settings have them take.
        bound=MOST_MILLISECONDS if bench.database == "sqlite" else None,
        note=f"{ours.wall / floor.wall:.2f} {by_hand} ({floor.wall:.3g} ms)",
    )
    yield Row(
        what=f"{what}: CPU",
        value=ours.cpu,
        unit="ms",
        note=f"{ours.cpu / floor.cpu:.2f} {by_hand} ({floor.cpu:.3g} ms)",
    )
    yield _statements(bench)


def _tick(bench: Bench, count: int) -> Measured:
    bench.stage.ask("due", count=count)
    return bench.cron(succeeded=count)


def _each(many: Sequence[Measured], one: Sequence[Measured]) -> Fastest:
    """The cost of each further job in milliseconds."""
    all_of_them, first = Fastest.of(many), Fastest.of(one)
    return Fastest(
        wall=(all_of_them.wall - first.wall) / (JOBS - 1) * 1000,
        cpu=(all_of_them.cpu - first.cpu) / (JOBS - 1) * 1000,
    )


def _statements(bench: Bench) -> Row:
    bench.stage.ask("due", count=1)
    of_one, _ = bench.statements()
    bench.stage.ask("due", count=JOBS)
    of_all, kinds = bench.statements()
    return Row(
        what="SQL statements of each job",
        value=(of_all - of_one) / (JOBS - 1),
        unit="",
        note=f"of {JOBS}: {kinds}",
    )
