"""Jobs whose claim cannot be renewed: is each dead before its lease could run out?

    python -m tests.chaos.self_fence --trials 50 --database sqlite

Each trial is a job that ignores TERM, or a program with a child, and several of them share one
scheduler. The database is frozen or gone, or the scheduler is frozen, or both at once. When the
lease runs out is read from the table, as another host would; when the job's tree died, from a
lock it holds. Exit status: 0, or 1 if one lived too long, or was ended much too early.
"""

from __future__ import annotations

import argparse
import fcntl
import itertools
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos import apps, databases, world
from tests.chaos.databases import Server, Sqlite, patiently
from tests.chaos.evidence import Instance
from tests.chaos.nursery import Child
from tests.chaos.world import World

LEASE_SECONDS = 8.0
KILL_GRACE_SECONDS = 1.5
FENCE_MARGIN_SECONDS = 1.5
FENCE_SECONDS = LEASE_SECONDS - KILL_GRACE_SECONDS - FENCE_MARGIN_SECONDS

MUCH_TOO_EARLY_SECONDS = LEASE_SECONDS - FENCE_SECONDS + 2 * (1 + world.RENEW_SECONDS)
"""Dead so long before the end of its lease, a job was ended without need.

The answer to the last renewal may have been lost, and the one before is as old as that.
"""

AT_ONCE = 5
START_SECONDS = 60
DEATH_SECONDS = LEASE_SECONDS + 10

_BEHAVE = "seconds:600 ignores_term:1"
JOBS = (
    {"command": "behave", "args": _BEHAVE},
    {"raw_command": f"{sys.executable} -m tests.chaos.behaviour {_BEHAVE}"},
    {"command": "behave", "args": "seconds:600 leaves_a_child:600"},
)
"""A command in the job's process itself, a program beside it, a child in another session."""

SCHEDULERS = ("alive", "frozen", "dead")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One job, and how long before the end of its lease it was dead."""

    trouble: str
    scheduler: str
    margin: float

    @property
    def is_good(self) -> bool:
        """Whether it was ended in time, and not without need."""
        return 0 < self.margin < MUCH_TOO_EARLY_SECONDS

    def __str__(self) -> str:
        fault = "" if self.is_good else "   <-- MISSED"
        return f"{self.margin:6.2f} s  database {self.trouble}, scheduler {self.scheduler}{fault}"


class Rounds:
    """Jobs on one host, until as many have died as were asked for."""

    def __init__(self, scene: World, rng: random.Random) -> None:
        self._world = scene
        self._rng = rng

    def run(self, trials: int) -> Iterator[Trial]:
        """As many trials; what ails them goes round all that can."""
        ways = itertools.cycle(ways_of(self._world.database))
        while trials > 0:
            count = min(trials, AT_ONCE)
            yield from self._round(count, *next(ways))
            trials -= count

    def _round(self, count: int, trouble: str, state: str) -> list[Trial]:
        scheduler, instances = self._start(count)
        if state == "dead":
            os.kill(scheduler.pid, signal.SIGKILL)
            # Each looks after itself then, and has renewed its claim before the database goes.
            self._wait(lambda: scheduler.pid not in self._world.nursery.living, START_SECONDS)
            time.sleep(2 + self._rng.random())
        time.sleep(self._rng.random() * (1 + world.RENEW_SECONDS))
        before = self._leases()
        if state == "frozen":
            os.kill(scheduler.pid, signal.SIGSTOP)
        with ailing(self._world.database, trouble):
            latest = time.time() + LEASE_SECONDS
            died = self._deaths(instances)
            # Nobody is left to write anything before the leases are read.
            self._world.nursery.end_all()
        after = patiently(self._leases)
        # A thawed server carries out what it was asked before; nobody has heard of that renewal.
        ends = {token: end if end <= latest else before[token] for token, end in after.items()}
        return [
            Trial(trouble=trouble, scheduler=state, margin=ends[one.token] - died[one.token])
            for one in instances
        ]

    def _start(self, count: int) -> tuple[Child, list[Instance]]:
        before = len(self._world.ledger.read())
        shared = {"frequency": "DAILY", "next_run": "2020-01-01T00:00:00Z"}
        kinds = itertools.islice(itertools.cycle(JOBS), count)
        self._world.make_jobs(
            [{"name": f"job {n}", **shared, **kind} for n, kind in enumerate(kinds)]
        )
        scheduler = self._world.tick(self._world.hosts[0])
        ledger = self._world.ledger
        self._wait(lambda: len(ledger.read()) == before + count, START_SECONDS)
        return scheduler, ledger.instances[before:]

    def _deaths(self, instances: list[Instance]) -> dict[str, float]:
        """When nothing of each was alive any more; infinitely late if something still is."""
        died: dict[str, float] = {}
        locks = {
            one.token: self._world.evidence / f"lock-{one.job}-{one.slot}" for one in instances
        }

        def all_dead() -> bool:
            for token, lock in locks.items():
                if token not in died and is_free(lock):
                    died[token] = time.time()
            return len(died) == len(locks)

        self._wait(all_dead, DEATH_SECONDS, raises=False)
        return {token: died.get(token, float("inf")) for token in locks}

    def _leases(self) -> dict[str, float]:
        """When each claim's lease runs out, in seconds since 1970 by the database's clock."""
        rows = self._world.database.query("SELECT claim_token, lease_expires FROM chroniker_job")
        return {row["claim_token"]: row["lease_expires"] / 1000 for row in rows}

    def _wait(self, condition: Callable[[], bool], seconds: float, *, raises: bool = True) -> None:
        give_up = time.monotonic() + seconds
        while not condition():
            self._world.nursery.reap()
            if time.monotonic() > give_up:
                if raises:
                    raise TimeoutError(f"still not true after {seconds} s: {condition}")
                return
            time.sleep(0.005)


def is_free(lock: Path) -> bool:
    """Whether nothing of an instance holds this lock any more."""
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def ways_of(database: databases.Database) -> list[tuple[str, str]]:
    """What can ail a database and a scheduler, all combinations but the one that is no trouble.

    With the database well, only a frozen scheduler is one: without a scheduler the job goes on.
    """
    troubles = ["frozen", "gone"] if isinstance(database, Sqlite | Server) else []
    return [*itertools.product(troubles, SCHEDULERS), ("well", "frozen")]


@contextmanager
def ailing(database: databases.Database, trouble: str) -> Iterator[None]:
    """The database is frozen or gone meanwhile."""
    if trouble == "well":
        yield
    elif isinstance(database, Sqlite):
        with _locked(database.file) if trouble == "frozen" else _moved(database.file):
            yield
    elif isinstance(database, Server):
        (database.freeze if trouble == "frozen" else database.kill)()
        try:
            yield
        finally:
            (database.thaw if trouble == "frozen" else database.launch)()


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    holder = sqlite3.connect(file, timeout=30, isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        holder.close()


@contextmanager
def _moved(file: Path) -> Iterator[None]:
    away = file.with_suffix(".away")
    file.rename(away)
    try:
        yield
    finally:
        away.replace(file)


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=("sqlite", "postgres", "mariadb"), default="sqlite")
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    """Run the trials; returns the exit status."""
    wanted = options()
    world.LEASE_SECONDS = LEASE_SECONDS
    world.KILL_GRACE_SECONDS = KILL_GRACE_SECONDS
    apps.FENCE_MARGIN_SECONDS = FENCE_MARGIN_SECONDS
    with tempfile.TemporaryDirectory(prefix="chroniker-fence-") as name:
        database = databases.make(wanted.database, Path(name))
        database.start()
        scene = World(database, Path(name), ["here"])
        trials: list[Trial] = []
        try:
            scene.begin()
            for trial in Rounds(scene, random.Random(wanted.seed)).run(wanted.trials):  # noqa: S311
                trials.append(trial)
                sys.stdout.write(f"{trial}\n")
                sys.stdout.flush()
        finally:
            scene.nursery.end_all()
            database.stop()
    missed = [trial for trial in trials if not trial.is_good]
    sys.stdout.write(
        f"{wanted.database}: {len(trials) - len(missed)} of {len(trials)} dead in time, "
        f"the last {min(trial.margin for trial in trials):.2f} s before its lease of "
        f"{LEASE_SECONDS:g} s ended\n"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
