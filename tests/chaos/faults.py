"""What goes wrong in a round: one fault after the other, drawn by a seed."""

from __future__ import annotations

import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from tests.chaos import world
from tests.chaos.databases import Server, Sqlite
from tests.chaos.evidence import Instance, clock
from tests.chaos.world import World

MOST_SCHEDULERS = 20


@dataclass(kw_only=True)
class Harm:
    """What was done, as far as the checker has to know."""

    counts: Counter[str] = field(default_factory=Counter)
    touched: set[str] = field(default_factory=set)
    """Tokens of runs whose own processes were killed, frozen or asked to end."""
    diskless: set[str] = field(default_factory=set)
    """Tokens of runs whose folder was removed under them."""
    dead_hosts: set[str] = field(default_factory=set)
    to_database: int = 0


class Faults:
    """Draws a fault, and does it. Signals only processes that this round has started."""

    def __init__(self, scene: World, rng: random.Random, *, tell: Callable[[str], None]) -> None:
        self.harm = Harm()
        self._world = scene
        self._rng = rng
        self._tell = tell
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._frozen: set[psutil.Process] = set()
        self._database_is_away = False
        several = len(scene.hosts) > 1
        # A run that is frozen whole, for longer than its lease, may be taken over by another
        # host: that is the limit of what can be promised. Its own host knows better.
        self._longest_freeze_of_jobs = 2.0 if several else 2 * world.LEASE_SECONDS
        self._faults: dict[Callable[[], None], float] = {
            self.kill_job: 5,
            self.kill_scheduler: 4,
            self.kill_both: 4,
            self.freeze_scheduler: 1.5,
            self.freeze_job: 1,
            self.ask_scheduler_to_end: 1,
            self.ask_run_to_stop: 1,
            self.force_run: 2,
            self.remove_lock_file: 0.3,
            self.remove_folder: 0.2,
            self.shift_clock: 1,
            self.trouble_database: 0.5,
        }
        if several:
            self._faults[self.kill_host] = 0.1

    def strike(self) -> None:
        """One fault; which one is up to the seed."""
        (fault,) = self._rng.choices(list(self._faults), weights=list(self._faults.values()), k=1)
        fault()

    def follow_up(self) -> None:
        """Do what is due of what faults have put off."""
        now = clock()
        due = [action for at, action in self._later if at <= now]
        self._later = [(at, action) for at, action in self._later if at > now]
        for action in due:
            action()

    def make_up(self) -> None:
        """End every fault that still lasts."""
        for _, action in self._later:
            action()
        self._later = []
        self.harm.dead_hosts.clear()
        self._world.shift_clock(0)

    def hosts_alive(self) -> list[str]:
        """Where schedulers may be started."""
        return [host for host in self._world.hosts if host not in self.harm.dead_hosts]

    # Processes

    def kill_job(self) -> None:
        """Kill a job's first process, or all of its session."""
        if instance := self._an_instance():
            whole = self._rng.random() < 0.5
            self._kill_job(instance, whole=whole)

    def kill_scheduler(self) -> None:
        """Kill a scheduler, whatever it is doing."""
        if scheduler := self._a_scheduler():
            self._note("kill scheduler", scheduler.pid)
            self._signal(scheduler, signal.SIGKILL)

    def kill_both(self) -> None:
        """Kill a job and its scheduler, in either order, at once or nearly so."""
        instance = self._an_instance()
        if instance is None or instance.parent not in self._world.nursery.living:
            return
        first_job, gap = self._rng.random() < 0.5, self._rng.choice([0.0, 0.01, 0.1])
        scheduler = psutil.Process(instance.parent)
        actions: list[Callable[[], None]] = [
            lambda: self._kill_job(instance, whole=True),
            lambda: self._signal(scheduler, signal.SIGKILL),
        ]
        self._note("kill both", instance)
        actions[0 if first_job else 1]()
        self._in(gap, actions[1 if first_job else 0])

    def freeze_scheduler(self) -> None:
        """Freeze a scheduler, for a moment or for longer than a lease."""
        if scheduler := self._a_scheduler():
            seconds = self._rng.uniform(0.5, 2.5 * world.LEASE_SECONDS)
            self._freeze(scheduler.pid, seconds, "scheduler")

    def freeze_job(self) -> None:
        """Freeze a job's first process."""
        if instance := self._an_instance():
            self.harm.touched.add(instance.token)
            seconds = self._rng.uniform(0.3, self._longest_freeze_of_jobs)
            self._freeze(instance.pid, seconds, "job")

    def ask_scheduler_to_end(self) -> None:
        """TERM, and sometimes a second one soon after."""
        if scheduler := self._a_scheduler():
            self._note("term scheduler", scheduler.pid)
            self._touch_runs_of(scheduler.pid)
            self._signal(scheduler, signal.SIGTERM)
            if self._rng.random() < 0.3:
                self._in(0.3, lambda: self._signal(scheduler, signal.SIGTERM))

    def kill_host(self) -> None:
        """All processes of a host die, and nothing ticks there for the rest of the round."""
        hosts = self.hosts_alive()
        if len(hosts) < 2:
            return
        host = self._rng.choice(hosts)
        self._note(f"kill host {host}", 0)
        self.harm.dead_hosts.add(host)
        for child in list(self._world.nursery.living.values()):
            if child.host == host:
                # Our own child that nobody has reaped: its pid is not given to another.
                self._signal(psutil.Process(child.pid), signal.SIGKILL)
        for instance in self._world.ledger.read():
            if self._host_of(instance) == host:
                # It may have ended by itself: its result is on the dead disk all the same.
                self._kill_job(instance, whole=True)

    # Requests

    def ask_run_to_stop(self) -> None:
        """As the admin does."""
        if instance := self._an_instance():
            self._note("stop request", instance)
            self.harm.touched.add(instance.token)
            for table in world.CLAIMED:
                self._write(
                    f"UPDATE {table} SET force_stop = %s, stop_fence = fence, stopped_by = %s"  # noqa: S608
                    " WHERE claim_token = %s",
                    *(True, "chaos", instance.token),
                )

    def force_run(self) -> None:
        """As the admin does, for any job."""
        if instances := self._world.ledger.read():
            job = self._rng.choice(instances).job
            self._note("run request", job)
            self._write("UPDATE chroniker_job SET force_run = %s WHERE id = %s", True, job)

    # Files

    def remove_lock_file(self) -> None:
        """Remove a run's lock file; its process keeps the lock."""
        if instance := self._an_instance():
            self._note("remove lock file", instance)
            self.harm.touched.add(instance.token)
            (self._folder_of(instance) / "heartbeat").unlink(missing_ok=True)

    def remove_folder(self) -> None:
        """Remove all files of a run."""
        if instance := self._an_instance():
            self._note("remove folder", instance)
            self.harm.touched.add(instance.token)
            self.harm.diskless.add(instance.token)
            shutil.rmtree(self._folder_of(instance), ignore_errors=True)

    # The database

    def shift_clock(self) -> None:
        """Set the database's clock forth or back, and right again later."""
        ahead = self._rng.choice([-3600, -60, 60, 3600])
        self._note("clock", ahead)
        self.harm.to_database += 1
        self._world.shift_clock(ahead)
        self._in(self._rng.uniform(0.2, 3.0), self._set_clock_right)

    def _set_clock_right(self) -> None:
        self._world.shift_clock(0)
        # What was scheduled by the wrong clock is brought forward, as a person would do it.
        now = datetime.now(UTC)
        soon, late = (now + timedelta(seconds=seconds) for seconds in (1, 30))
        for table in world.CLAIMED:
            self._write(
                f"UPDATE {table} SET next_run = %s WHERE next_run > %s"  # noqa: S608
                " AND claim_token IS NULL AND attempt = 0",
                *(f"{moment:%Y-%m-%d %H:%M:%S.%f}" for moment in (soon, late)),
            )

    def trouble_database(self) -> None:
        """Crash and restart it, freeze it, or lock it, as far as it is ours."""
        database = self._world.database
        if self._database_is_away:
            return
        if isinstance(database, Server) and self._rng.random() < 0.6:
            database.kill()
            pause = self._rng.choice([0.0, 0.0, 1.0, 1.5 * world.LEASE_SECONDS])
            self._without_database("restart database", pause, database.launch)
        elif isinstance(database, Server):
            database.freeze()
            pause = self._rng.uniform(0.5, 1.5 * world.LEASE_SECONDS)
            self._without_database("freeze database", pause, database.thaw)
        elif isinstance(database, Sqlite):
            pause = self._rng.uniform(0.5, world.LEASE_SECONDS)
            self._world.nursery.start("lock", lambda: database.hold_lock(pause))
            self._without_database("lock database", pause, lambda: None)

    def _without_database(self, fault: str, seconds: float, come_back: Callable[[], None]) -> None:
        self._note(f"{fault} for {seconds:.1f} s", 0)
        self.harm.to_database += 1
        self._database_is_away = True

        def back() -> None:
            come_back()
            self._database_is_away = False

        self._in(seconds, back)

    # Whom it hits

    def _living_instances(self) -> list[Instance]:
        recent = self._world.ledger.read()[-200:]
        return [instance for instance in recent if not instance.ended and instance.is_alive()]

    def _an_instance(self) -> Instance | None:
        living = self._living_instances()
        return self._rng.choice(living) if living else None

    def _a_scheduler(self) -> psutil.Process | None:
        living = [child.pid for child in self._world.nursery.living.values() if child.host]
        return psutil.Process(self._rng.choice(living)) if living else None

    def _touch_runs_of(self, pid: int) -> None:
        runs = [instance for instance in self._living_instances() if instance.parent == pid]
        self.harm.touched.update(instance.token for instance in runs)

    def _folder_of(self, instance: Instance) -> Path:
        host = self._host_of(instance) or self._world.hosts[0]
        return Path(self._world.settings_of(host)["CHRONIKER_SPOOL_DIR"]) / instance.token

    def _host_of(self, instance: Instance) -> str:
        for host in self._world.hosts:
            folder = Path(self._world.settings_of(host)["CHRONIKER_SPOOL_DIR"])
            if (folder / instance.token).exists():
                return host
        return ""

    # How

    def _kill_job(self, instance: Instance, *, whole: bool) -> None:
        self._note("kill job", instance)
        self.harm.touched.add(instance.token)
        if not instance.is_alive():
            return
        with suppress(psutil.NoSuchProcess):  # it may end at any moment
            process = psutil.Process(instance.pid)
            tree = [*process.children(recursive=True), process] if whole else [process]
            for one in tree:
                self._signal(one, signal.SIGKILL)

    def _freeze(self, pid: int, seconds: float, whom: str) -> None:
        try:
            process = psutil.Process(pid)
        except psutil.NoSuchProcess:
            return
        if process in self._frozen:
            return
        self._note(f"freeze {whom} for {seconds:.1f} s", process.pid)
        self._frozen.add(process)
        self._signal(process, signal.SIGSTOP)

        def thaw() -> None:
            self._frozen.discard(process)
            self._signal(process, signal.SIGCONT)

        self._in(seconds, thaw)

    def _signal(self, process: psutil.Process, number: signal.Signals) -> None:
        # By a psutil process, which never signals another one that was given the same pid.
        with suppress(psutil.Error):
            process.send_signal(number)

    def _write(self, sql: str, *values: object) -> None:
        if self._database_is_away:
            return
        try:
            self._world.database.query(sql, *values)
        except Exception as error:  # noqa: BLE001 - every driver has its own errors
            self._note(f"request failed: {type(error).__name__}", 0)

    def _in(self, seconds: float, action: Callable[[], None]) -> None:
        self._later.append((clock() + seconds, action))

    def _note(self, fault: str, of: int | Instance) -> None:
        self.harm.counts[fault.partition(" for ")[0]] += 1
        if isinstance(of, Instance):
            self._tell(f"{fault}: job {of.job}, {of.token} ({of.pid}, child of {of.parent})")
        else:
            self._tell(f"{fault} ({of})")
