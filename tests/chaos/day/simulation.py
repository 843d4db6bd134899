"""Lets a day pass, minute by minute."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chroniker.models import Job, JobDependency, JobHost, Log, claims
from chroniker.moments import to_instant
from chroniker.runs.run import Run
from tests.chaos.day import definitions, plan
from tests.chaos.day.checker import Story, judge
from tests.chaos.day.faults import DatabaseFaults
from tests.simulated.chance import drawn_from
from tests.simulated.clock import Clock
from tests.simulated.hosts import Host
from tests.simulated.report import Report
from tests.simulated.schedules import CHANGES

SETTLING = 30
"""Minutes without faults at the end."""

FAILING_STATEMENTS = 0.004


def simulate(
    *, jobs: int, minutes: int, seed: int, database: str, folder: Path, say: Any = None
) -> Report:
    """So many jobs for so many minutes (and some to settle), in a database without jobs."""
    simulation = _Simulation(jobs, minutes, seed, database, folder)
    with simulation.clock.instead_of_all_others(), drawn_from(seed):
        simulation.make_jobs()
        for minute in range(minutes + SETTLING):
            simulation.pass_minute(minute)
            if say is not None and minute % 60 == 59:
                say(f"{simulation.clock.now:%a %H:%M} {Log.objects.using(database).count()} rows")
        story = simulation.story()
    found = judge(story)
    return Report(broken=found, numbers=story.numbers)


class _Simulation:
    """The clock, the hosts and the people of one simulation."""

    def __init__(self, jobs: int, minutes: int, seed: int, database: str, folder: Path) -> None:
        self._chance = random.Random(seed)  # noqa: S311
        self._database = database
        change = CHANGES[seed % len(CHANGES)]
        self._start = change - timedelta(minutes=minutes // 2)
        self.clock = Clock(self._start)
        drawn = definitions.draw(jobs, self._start, self._chance)
        self._definitions = {one.name: one for one in drawn}
        plain = [one.name for one in drawn if not one.everywhere and not one.waits_for]
        self._plan = plan.draw(minutes, plain, self._chance)
        self._faults = DatabaseFaults(FAILING_STATEMENTS, self._chance)
        self._hosts = {
            name: Host(
                name,
                database=database,
                folder=folder / name,
                clock=self.clock,
                fate=self._fate,
            )
            for name in plan.HOSTS
        }
        self._dead: set[str] = set()
        self._forced: list[tuple[str, datetime]] = []

    def make_jobs(self) -> None:
        """Save them as people do."""
        made: dict[str, Job] = {}
        for one in self._definitions.values():
            values = {**one.fields, "name": one.name, "command": "succeed"}
            job = Job(maximum_log_entries=0, **values)
            job.save(using=self._database)
            made[one.name] = job
            for dependee in one.waits_for:
                JobDependency.objects.using(self._database).create(
                    dependent=job, dependee=made[dependee]
                )

    def _fate(self, run: Run) -> tuple[float, str]:
        definition = self._definitions[run.job_name]
        seconds = self._chance.uniform(1, definition.longest_seconds)
        drawn = self._chance.random()
        if drawn < definition.ends_badly:
            return seconds, "failed"
        return seconds, "lost" if drawn < 1.5 * definition.ends_badly else "succeeded"

    def pass_minute(self, minute: int) -> None:
        """People act, then each host at a moment of its own."""
        begin = self._start + timedelta(minutes=minute)
        self.clock.now = begin
        settling = minute >= self._plan.minutes
        self._faults.share = 0 if settling else FAILING_STATEMENTS
        self._faults.is_away = any(minute in away for away in self._plan.database_away)
        self._people_act(minute)
        for moment, name in sorted((self._chance.uniform(0, 59), name) for name in self._hosts):
            self.clock.now = begin + timedelta(seconds=moment)
            if name not in self._dead:
                self._host_acts(self._hosts[name], minute)

    def _host_acts(self, host: Host, minute: int) -> None:
        if not self._plan.is_on(host.name, minute):
            host.lose_all()
            return
        with ExitStack() as stack:
            stack.enter_context(self._faults.happening(self._database))
            host.watch()
            if self._plan.ticks(host.name, minute):
                host.tick()
        if host.name == plan.DIES and minute >= self._plan.dies_from and host.going:
            host.lose_all()
            self._dead.add(host.name)

    def _people_act(self, minute: int) -> None:
        jobs = Job.objects.using(self._database)
        for name, stretch in self._plan.disabled.items():
            if minute in {stretch.start, stretch.stop}:
                job = jobs.get(name=name)
                job.enabled = minute == stretch.stop
                job.save()
        for when, name in self._plan.forced:
            if when == minute:
                jobs.filter(name=name).update(force_run=True, forced_by="ann")
                self._forced.append((name, self.clock.now))
        if minute in self._plan.stops:
            running = [job.pk for job in claims.all_running(self._database)]
            if running:
                claims.request_stop(self._database, [self._chance.choice(running)], "bob")

    # What is left at the end

    def story(self) -> Story:
        """Everything the checker looks at, as plain values."""
        instances = [one for host in self._hosts.values() for one in host.told]
        numbers = Counter(self._faults.counted)
        numbers["passes that failed"] = sum(host.passes_failed for host in self._hosts.values())
        numbers["hosts that died"] = len(self._dead)
        return Story(
            start=self._start,
            end=self.clock.now,
            definitions=list(self._definitions.values()),
            states=list(self._states()),
            logs=[_plain(log) for log in self._logs()],
            instances=instances,
            dead=self._dead,
            forced=self._forced,
            numbers=numbers,
        )

    def _states(self) -> Iterator[dict[str, Any]]:
        shown = ("next_run", "next_occurrence", "is_running", "last_run_successful")
        for job in Job.objects.using(self._database).values("name", "enabled", *shown):
            yield _plain({"job": job.pop("name"), "slot": "", **job})
        rows = JobHost.objects.using(self._database)
        for row in rows.values("job__name", "job__enabled", "hostname", *shown):
            name, enabled = row.pop("job__name"), row.pop("job__enabled")
            yield _plain({"job": name, "enabled": enabled, "slot": row.pop("hostname"), **row})

    def _logs(self) -> Iterator[dict[str, Any]]:
        shown = ("id", "token", "slot", "status", "scheduled_for", "occurrences", "attempt")
        rows = Log.objects.using(self._database).order_by("pk")
        for log in rows.values("job__name", "trigger", "run_start_datetime", *shown):
            yield {"job": log.pop("job__name"), **log}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: to_instant(value) if isinstance(value, datetime) else value
        for name, value in row.items()
    }
