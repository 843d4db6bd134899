"""Hosts that tick, watch and die; their jobs only pass the time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import connections

from chroniker import settings
from chroniker.constants import Status
from chroniker.dispatch.leftovers import clear_up
from chroniker.dispatch.line import Selection
from chroniker.dispatch.look import anything_to_do
from chroniker.dispatch.recovery import Recovery
from chroniker.dispatch.tick import tick
from chroniker.executors.base import Executor
from chroniker.models.database_clock import database_now
from chroniker.models.hiccups import HICCUPS
from chroniker.runs import ending, lease
from chroniker.runs import spool as spools
from chroniker.runs.outcome import Outcome
from chroniker.runs.run import Run
from chroniker.runs.spool import Result, Spool
from tests.simulated.clock import Clock
from tests.simulated.instance import Instance

NOBODY = 2**22 + 1
"""A pid that no process has: the watcher of every run is a process that has died since."""


_AS_THE_WATCH_SAYS = {
    "stopped": (Status.STOPPED, "stopped on request"),
    "timed_out": (Status.TIMED_OUT, "took too long"),
}


@dataclass(kw_only=True)
class Going:
    """A run that goes on: what it is, until when, and how it will end."""

    run: Run
    lock: int
    instance: Instance
    ends_at: float
    how: str
    stopped_by: str = ""
    outcome: Outcome | None = None
    """Known, but not recorded yet."""


class Host(Executor):
    """One host: ticks each minute, and carries out what it claims."""

    def __init__(
        self,
        name: str,
        *,
        database: str,
        folder: Path,
        clock: Clock,
        fate: Callable[[Run], tuple[float, str]],
        settings: dict[str, Any] | None = None,
    ) -> None:
        """``fate`` says how many seconds a run takes, and how it ends."""
        self.name = name
        self.told: list[Instance] = []
        """What was carried out here."""
        self.going: list[Going] = []
        self.passes_failed = 0
        self._database = database
        self._folder = folder
        self._clock = clock
        self._fate = fate
        self._settings = settings or {}
        self._recovery = Recovery(database)

    # As an executor

    def lock_file(self, token: str) -> str:
        """In this host's spool."""
        return spools.lock_file_of(token)

    def launch(self, run: Run) -> None:
        """Begin it."""
        seconds, how = self._fate(run)
        lock = Spool.of(run.lock_file).create(NOBODY, 1.0)
        instance = Instance(
            job=run.job_name,
            host=self.name,
            token=run.token,
            run=run.log_id,
            began=self._clock.now,
        )
        self.told.append(instance)
        ends_at = self._clock.uptime + seconds
        self.going.append(Going(run=run, lock=lock, instance=instance, ends_at=ends_at, how=how))

    # A minute of its life

    @contextmanager
    def _here(self) -> Iterator[None]:
        values = {
            "CHRONIKER_HOSTNAME": self.name,
            "CHRONIKER_SPOOL_DIR": str(self._folder),
            # Scaled to ticks that are a minute apart.
            "CHRONIKER_LOCK_TIMEOUT": 300,
            "CHRONIKER_RENEW_SECONDS": 60,
            **self._settings,
        }
        with ExitStack() as patches:
            for name, value in values.items():
                patches.enter_context(mock.patch.object(settings, name, value))
            yield

    def watch(self) -> None:
        """Renew, stop, and record what has ended."""
        with self._here(), self._weathering():
            self._keep_claims()
            self._end_those_over()

    def tick(self) -> None:
        """One pass of ``cron``, and those that follow from what ends in it."""
        with self._here(), self._weathering():
            now = database_now(self._database)
            if anything_to_do(self._database, now):
                self._pass_by_the_clock(now)

    def _pass_by_the_clock(self, now: datetime) -> None:
        recovered = self._recovery.recover(now)
        clear_up(self._database, now)
        tick(self, self._database, now, Selection())
        if recovered:
            ended = tuple(run.job_id for run, _ in recovered)
            tick(self, self._database, now, Selection(dependents_of=ended))

    @contextmanager
    def _weathering(self) -> Iterator[None]:
        """What the supervisor does with a pass that fails: it goes on with the next."""
        try:
            yield
        except HICCUPS:
            self.passes_failed += 1
            connections[self._database].close_if_unusable_or_obsolete()

    def _keep_claims(self) -> None:
        for slot in {one.run.slot for one in self.going}:
            mine = [one for one in self.going if one.run.slot == slot and one.outcome is None]
            tokens = [one.run.token for one in mine]
            ours = lease.renew(self._database, slot, tokens)
            stopping = lease.asked_to_stop(self._database, slot, tokens)
            for one in mine:
                if one.run.token not in ours:
                    self._let_go(one, "taken over")
                elif one.run.token in stopping:
                    one.how, one.ends_at = "stopped", self._clock.uptime
                    one.stopped_by = stopping[one.run.token]

    def _end_those_over(self) -> None:
        ended = []
        for one in [one for one in self.going if one.ends_at <= self._clock.uptime]:
            if one.how == "lost":  # and its watcher with it
                self._let_go(one, "lost")
                continue
            if self._record(one):
                ended.append(one.run.job_id)
        if ended:
            self._follow(ended)

    def _follow(self, ended: list[int]) -> None:
        """The pass that follows when runs of these jobs have ended."""
        now = database_now(self._database)
        tick(self, self._database, now, Selection(dependents_of=tuple(ended)))

    def _record(self, one: Going) -> bool:
        """Record its end; if the database does not take it, it waits in the spool."""
        if one.outcome is None:
            one.outcome = self._outcome(one)
            one.instance.ended, one.instance.how = one.outcome.ended, one.how
            os.close(one.lock)
        try:
            ending.close(one.run, one.outcome)
        except HICCUPS:
            ending.keep_for_later(one.run, one.outcome)
            raise
        self.going.remove(one)
        return True

    def _outcome(self, one: Going) -> Outcome:
        if one.how in _AS_THE_WATCH_SAYS:
            status, reason = _AS_THE_WATCH_SAYS[one.how]
            return ending.outcome_of(one.run, status, reason, uptime=one.ends_at)
        exit_code = 3 if one.how == "failed" else 0
        Spool.of(one.run.lock_file).write_result(Result(exit_code=exit_code))
        return ending.outcome_of_exit(one.run, uptime=one.ends_at)

    def _let_go(self, one: Going, how: str) -> None:
        one.instance.ended, one.instance.how = self._clock.now, how
        os.close(one.lock)
        self.going.remove(one)

    # What happens to it

    def lose_all(self) -> None:
        """End everything that runs here, as a power cut does."""
        for one in list(self.going):
            if one.outcome is None:
                self._let_go(one, "lost")
        self.going.clear()
        self._recovery = Recovery(self._database)
