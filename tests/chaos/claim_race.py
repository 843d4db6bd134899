"""Many processes race for a handful of due jobs, and some are killed:

    python -m tests.chaos.claim_race --claims 10000 --processes 20 --database sqlite

``--clock-jumps`` sets the database's clock by a minute or an hour, back or forth, each second.
Prints numbers and broken promises as JSON. Exit status: 0, or 1 if a promise was broken.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from django.utils import timezone

from test_project import databases as services
from tests.chaos import databases
from tests.chaos.checker import Fault, Row
from tests.chaos.claim_checker import Marks, judge
from tests.chaos.databases import Database
from tests.chaos.world import World

HOSTS = ("a", "b", "c")
JOBS = {"": 5, "*": 2}
"""How many jobs run anywhere, and how many on each host."""

STANDS_STILL_SECONDS = 60
"""Without a claim for so long, the race is over, and lost."""


class Race:
    """Starts the processes, kills some, and lets the checker decide."""

    def __init__(self, scene: World, options: argparse.Namespace) -> None:
        self._world = scene
        self._options = options
        self._rng = random.Random(options.seed)  # noqa: S311
        self._ahead = 0
        self._started = self._kills = self._jumps = 0
        self._marks = Marks(path=scene.evidence / "ledger")
        self.wrong: list[Fault] = []

    def run(self) -> dict[str, Any]:
        """The whole race; returns its numbers."""
        self._world.make_jobs(jobs())
        began = time.monotonic()
        self._race()
        took = time.monotonic() - began
        self._kill_all()
        self._put_right()
        logs = self._query("SELECT * FROM chroniker_log WHERE token IS NOT NULL ORDER BY id")
        self.wrong += judge(self._marks, self._claimable_rows(), logs)
        crashes = self._world.nursery.crashes
        self.wrong += [Fault(promise="no crashes", text=text) for text in crashes]
        return self._numbers(logs, took)

    def _race(self) -> None:
        now = time.monotonic()
        next_kill, next_jump, last_claim = now, now + 1, now
        while self._marks.counts["start"] < self._options.claims:
            self._start_processes()
            before = self._marks.counts["start"]
            self._marks.read()
            now = time.monotonic()
            if self._marks.counts["start"] > before:
                last_claim = now
            elif now - last_claim > STANDS_STILL_SECONDS:
                self.wrong.append(Fault(promise="nothing stuck", text="nobody claims any more"))
                return
            if now >= next_kill:
                next_kill = now + self._rng.expovariate(1 / self._options.kill_each)
                self._kill_one()
            if self._options.clock_jumps and now >= next_jump:
                next_jump = now + 1
                self._set_clock()
            time.sleep(0.01)

    def _start_processes(self) -> None:
        """As many as there shall be, the same number on each host."""
        self._world.nursery.reap()
        living = Counter(child.host for child in self._world.nursery.living.values())
        while living.total() < self._options.processes and not self._world.nursery.crashes:
            host = min(HOSTS, key=lambda name: living[name])
            self._start_one(host)
            living[host] += 1

    def _start_one(self, host: str) -> None:
        from tests.chaos import claimant

        self._started += 1
        seed = f"{self._options.seed} {self._started}"
        settings, evidence = self._world.settings_of(host), self._world.evidence
        is_naive = self._options.naive
        self._world.nursery.start(
            "claimant",
            lambda: claimant.race(settings, evidence, seed, is_naive=is_naive),
            host=host,
        )

    def _kill_one(self) -> None:
        pid = self._rng.choice(list(self._world.nursery.living))
        self._kills += 1
        os.kill(pid, signal.SIGKILL)

    def _kill_all(self) -> None:
        """In the middle of whatever they do."""
        nursery = self._world.nursery
        for pid in nursery.living:
            self._kills += 1
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while nursery.living:
            nursery.reap()
            time.sleep(0.01)
        self._marks.read()

    def _set_clock(self) -> None:
        self._jumps += 1
        self._ahead += self._rng.choice((-3600, -60, 60, 3600))
        self._world.shift_clock(self._ahead)

    def _put_right(self) -> None:
        """Two ticks on each host, without any waiting: the dead are known by their locks."""
        from tests.chaos import claimant

        for _ in range(2):
            for host in HOSTS:
                settings = self._world.settings_of(host)
                self._world.nursery.run("recover", partial(claimant.recover, settings))

    def _claimable_rows(self) -> list[Row]:
        hosts = self._query("SELECT * FROM chroniker_jobhost ORDER BY id")
        slots = [{**row, "hostname_of_slot": row["hostname"]} for row in hosts]
        return self._query("SELECT * FROM chroniker_job ORDER BY id") + slots

    def _query(self, sql: str) -> list[Row]:
        rows: list[Row] = databases.patiently(lambda: self._world.database.query(sql))
        return rows

    def _numbers(self, logs: list[Row], took: float) -> dict[str, Any]:
        counts = self._marks.counts
        promises = Counter(fault.promise for fault in self.wrong)
        return {
            "claims": len(logs),
            "claims each second": round(len(logs) / took),
            "races lost": counts["missed"],
            "processes": self._started,
            "kills": self._kills,
            "clock jumps": self._jumps,
            "recovered": counts["recovered"],
            "hiccups": counts["hiccup"],
            "refused by the second guard": counts["refused"],
            "taken over while alive": counts["lost"],
            "doubles": promises["at most one"],
            "outcomes": dict(Counter(log["status"] for log in logs)),
            "on hosts": sum(1 for log in logs if log["slot"]),
        }


def jobs() -> list[dict[str, Any]]:
    """What is claimed, over and over."""
    common = {
        "command": "behave",
        "frequency": "YEARLY",  # what makes them due is the race
        "next_run": timezone.now(),
        "maximum_log_entries": 0,
    }
    return [
        {**common, "name": f"{host or 'any'} {number}", "hostname": host}
        for host, count in JOBS.items()
        for number in range(count)
    ]


def make_database(kind: str, folder: Path) -> Database:
    """A schema on the server that is there: nothing is done to servers here."""
    if kind == "sqlite":
        return databases.Sqlite(folder)
    try:
        services.version(kind)
    except Exception:  # noqa: BLE001 - every driver has its own errors
        return databases.make(kind, folder)
    return databases.Service(kind)


def main() -> int:
    """Hold a race as the command line says."""
    options = parser().parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**6)
    with tempfile.TemporaryDirectory(prefix="chroniker-race-") as name:
        database = make_database(options.database, Path(name))
        try:
            database.start()
            scene = World(database, Path(name), list(HOSTS))
            try:
                scene.begin()
                race = Race(scene, options)
                numbers = race.run()
            finally:
                scene.nursery.end_all()
        finally:
            database.stop()
    faults = [str(fault) for fault in race.wrong]
    report = {**vars(options), "numbers": numbers, "faults": faults}
    sys.stdout.write(json.dumps(report, indent=1, default=str) + "\n")
    return 1 if faults else 0


def parser() -> argparse.ArgumentParser:
    """What a race can be told."""
    words = argparse.ArgumentParser(prog="python -m tests.chaos.claim_race", description=__doc__)
    words.add_argument("--database", choices=("sqlite", "postgres", "mariadb"), default="sqlite")
    words.add_argument("--claims", type=int, default=10_000)
    words.add_argument("--processes", type=int, default=20)
    words.add_argument("--seed", type=int, help="draws the same kills and jumps, not the timing")
    words.add_argument("--clock-jumps", action="store_true")
    words.add_argument("--kill-each", type=float, default=0.3, help="mean seconds between kills")
    words.add_argument(
        "--naive", action="store_true", help="claim without conditions: has to be found out"
    )
    return words


if __name__ == "__main__":
    sys.exit(main())
