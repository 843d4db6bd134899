"""Lets weeks pass for random jobs, step by step, and has the model judge each."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import Q

from chroniker.dispatch.invariants import check_tables
from chroniker.models import Job, JobDependency, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant
from chroniker.runs.run import Run
from tests.rules import jobs
from tests.rules.host import WatchedHost
from tests.rules.model import Model, Pass
from tests.rules.people import People
from tests.rules.state import Row
from tests.simulated.chance import drawn_from
from tests.simulated.clock import Clock
from tests.simulated.report import Report
from tests.simulated.schedules import CHANGES

CAPACITY = 6
SHOWN_AT_MOST = 20
STEPS_APART = 5
"""So often the tables are looked at: what is wrong there mostly stays, and a look is dear."""

BAD_ENDS = ("failed", "failed", "failed", "timed_out", "lost")


def simulate(
    *,
    steps: int,
    seed: int,
    job_count: int,
    database: str,
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """So many steps of some minutes, in a database without jobs; ends with what is broken."""
    world = World(seed, job_count, database, folder)
    with world.clock.instead_of_all_others(), drawn_from(seed):
        world.make_jobs()
        for step in range(steps):
            world.step()
            if step % STEPS_APART == STEPS_APART - 1:
                world.look_at_tables()
            if step % 500 == 499:
                say(f"step {step + 1}: {world.clock.now:%d %b %H:%M} {dict(world.model.numbers)}")
            if len(world.model.broken) >= SHOWN_AT_MOST:
                break
        world.look_at_accounts()
    say(f"{world.passed.days} days have passed")
    return Report(broken=world.model.broken, numbers=world.model.numbers)


class World:
    """The clock, the hosts, the people and the model of one simulation."""

    def __init__(self, seed: int, job_count: int, database: str, folder: Path) -> None:
        self._chance = random.Random(seed)  # noqa: S311
        self._database = database
        self._start = CHANGES[seed % len(CHANGES)] - timedelta(
            minutes=self._chance.randint(30, 900)
        )
        self.clock = Clock(self._start)
        self._specs = {one.name: one for one in jobs.draw(job_count, self._start, self._chance)}
        self.model = Model(self._specs.values(), self._start, CAPACITY)
        self._names: dict[int, str] = {}
        self._open: set[int] = set()
        self._newest = 0
        self._hosts = {
            name: WatchedHost(
                name,
                onlooker=self,
                database=database,
                folder=folder / name,
                clock=self.clock,
                fate=self._fate,
                settings={"CHRONIKER_CAPACITY": CAPACITY},
            )
            for name in jobs.HOSTS[: 1 + (seed % 3 > 0)]
        }
        self._people = People(self.clock, self.model, self._hosts, self._chance, database)

    @property
    def passed(self) -> timedelta:
        """How much time has passed."""
        return self.clock.now - self._start

    def make_jobs(self) -> None:
        """Save them as people do."""
        made: dict[str, Job] = {}
        for one in self._specs.values():
            job = Job(**one.fields)
            job.save(using=self._database)
            made[one.name] = job
            self._names[job.pk] = one.name
            for need in one.needs:
                JobDependency.objects.using(self._database).create(
                    dependent=job,
                    dependee=made[need.name],
                    wait_for_completion=need.completion,
                    wait_for_success=need.success,
                    wait_for_next_run=need.next_run,
                    wait_for_fresh_success=need.fresh,
                )

    def _fate(self, run: Run) -> tuple[float, str]:
        spec = self._specs[run.job_name]
        bad = self._chance.random() < spec.ends_badly
        seconds = self._chance.randint(1, spec.longest_seconds)
        return seconds, self._chance.choice(BAD_ENDS) if bad else "succeeded"

    # Time

    def step(self) -> None:
        """Some time passes, people act, and each host does what it does."""
        seconds = self._chance.choice((30, 60, 60, 60, 60, 120, 300, 900, 1800))
        self.clock.now += timedelta(seconds=self._chance.randint(1, seconds))
        self._people.act()
        # All renew before any looks for lost runs: hosts renew more often than this time passes.
        for host in self._in_any_order():
            if self._people.is_on(host.name):
                host.watch()
        for host in self._in_any_order():
            if self._people.is_on(host.name) and self._people.ticks(host.name):
                host.tick()
        self._look_at_what_runs()
        if self._chance.random() < 0.01:
            self.look_at_accounts()

    def _in_any_order(self) -> list[WatchedHost]:
        hosts = list(self._hosts.values())
        self._chance.shuffle(hosts)
        return hosts

    # What the hosts do

    def ends_are_recorded(self) -> None:
        """Tell the model of the runs that have ended, and of what was skipped meanwhile."""
        ended, new = self._news()
        for row in ended:
            self.model.ended(row)
        for row in new:
            self.model.skipped_meanwhile(row)
        jobs = Job.objects.using(self._database).filter(name__in={row.job for row in ended})
        for name, due in jobs.values_list("name", "next_run") if ended else ():
            self.model.is_due(name, to_instant(due))
        self.model.all_owed_is_there()

    def pass_begins(
        self, host: str, *, is_tick: bool, without: Collection[int], ended: Collection[int]
    ) -> None:
        """Tell the model who looks at which jobs."""
        self.model.begin_pass(
            Pass(
                host=host,
                now=database_now(self._database),
                is_tick=is_tick,
                without=[self._names[pk] for pk in without],
                ended=[self._names[pk] for pk in ended] if ended else None,
            )
        )

    def pass_ends(self) -> None:
        """Tell the model what was started or left out."""
        ended, new = self._news()
        for row in new:
            self.model.wrote(row)
        for row in ended:
            self.model.broken.append(f"{row.job}, row {row.pk}: ended as {row.status} in a pass")
        self.model.end_pass()

    def _news(self) -> tuple[list[Row], list[Row]]:
        """The rows that were open and have ended, and those that are new, as they were written."""
        logs = Log.objects.using(self._database).filter(
            Q(pk__gt=self._newest) | Q(pk__in=self._open)
        )
        rows = [_row(log) for log in logs.order_by("pk").values("job__name", *_COLUMNS)]
        new = [row for row in rows if row.pk > self._newest]
        ended = [row for row in rows if row.pk in self._open and row.status != "running"]
        self._open -= {row.pk for row in ended}
        self._open |= {row.pk for row in new if row.status == "running"}
        self._newest = max([self._newest, *(row.pk for row in new)])
        return ended, new

    # What must hold at every moment

    def _look_at_what_runs(self) -> None:
        going = [(host.name, one.run) for host in self._hosts.values() for one in host.going]
        names = Counter(run.job_name for _, run in going)
        keys = Counter(run.key for _, run in going if run.key)
        carried: Counter[str] = Counter()
        for host, run in going:
            carried[host] += run.weight
        for what, counts, most in (
            ("runs", names, 1),
            ("runs with this key", keys, 1),
            ("is the weight of what runs here", carried, CAPACITY),
        ):
            for name, count in counts.items():
                if count > most:
                    self.model.broken.append(f"{name}: {count} {what} at {self.clock.now}")

    def look_at_tables(self) -> None:
        """Have the package's own invariants hold."""
        for finding in check_tables(self._database, self.clock.now):
            # I5: a run waits to be recovered, as it must while no host ticks.
            if finding.invariant != "I5" or self._people.quiet_since_minutes > 30:
                self.model.broken.append(f"{finding} at {self.clock.now}")

    def look_at_accounts(self) -> None:
        """Have all occurrences so far be accounted for."""
        for state in self.model.states.values():
            self.model.broken += state.not_accounted_for()


_COLUMNS = (
    *("pk", "hostname", "status", "trigger", "scheduled_for", "occurrences", "attempt"),
    *("run_start_datetime", "run_end_datetime"),
)


def _row(log: Mapping[str, Any]) -> Row:
    return Row(
        pk=log["pk"],
        job=log["job__name"],
        host=log["hostname"] or "",
        status=log["status"] or "",
        trigger=log["trigger"] or "",
        scheduled_for=to_instant(log["scheduled_for"]),
        occurrences=log["occurrences"],
        attempt=log["attempt"],
        started=to_instant(log["run_start_datetime"]),
        ended=to_instant(log["run_end_datetime"]),
    )
