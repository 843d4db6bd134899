"""What a scheduler costs that has nothing to do but to look."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil

from benchmarks.processes import LONGEST_SECONDS, MANAGE, BenchmarkError, going_on
from benchmarks.report import Row
from benchmarks.scenarios import Bench

SECONDS, QUICK_SECONDS = 60, 10
MOST_PERCENT = 1
SLEEPING = 50
IDLE = 100

CRON = ("cron",)
SERVER = ("cronserver", "--continuous")


def measure(bench: Bench) -> Iterator[Row]:
    """Processor time of the scheduler's own process, in percent of one processor."""
    for command in (CRON, SERVER):
        bench.stage.ask("jobs", count=SLEEPING, command="sleep_for", args=str(LONGEST_SECONDS))
        bench.stage.ask("due", count=SLEEPING)
        percent = _percent(bench, *command, until="running", count=SLEEPING)
        what = f"{' '.join(command)}, watching {SLEEPING} sleeping jobs: CPU"
        yield Row(what=what, value=percent, unit="%", bound=MOST_PERCENT)
    bench.stage.ask("jobs", count=IDLE, command="do_nothing")
    bench.stage.ask("due", count=1)
    percent = _percent(bench, *SERVER, until="succeeded", count=1)
    what = f"{' '.join(SERVER)}, {IDLE} jobs of which none is due: CPU"
    yield Row(what=what, value=percent, unit="%", bound=MOST_PERCENT)


def _percent(bench: Bench, *words: str, until: str, count: int) -> float:
    """Of one processor, from the moment when the stage counts that many."""
    seconds = QUICK_SECONDS if bench.quick else SECONDS
    # All of them at once, whatever the machine carries.
    env = {**bench.env, "CHRONIKER_TEST_SETTINGS": '{"CHRONIKER_CAPACITY": 0}'}
    with going_on(*MANAGE, *words, env=env) as pid:
        process = psutil.Process(pid)
        give_up = time.monotonic() + LONGEST_SECONDS
        while bench.stage.ask(until) < count:
            if time.monotonic() > give_up:
                raise BenchmarkError(f"{words[0]}: never {count} {until}")
            time.sleep(1)
        begun, before = time.monotonic(), process.cpu_times()
        time.sleep(seconds)
        after, wall = process.cpu_times(), time.monotonic() - begun
        if bench.stage.ask(until) != count:
            raise BenchmarkError(f"{words[0]}: not {count} {until} any more")
    return 100 * (after.user + after.system - before.user - before.system) / wall
