"""One pass over the due jobs: claim those that may start, and launch them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.db import connections

from chroniker import settings
from chroniker.constants import Trigger
from chroniker.dispatch.backfilling import Wanted, next_dates
from chroniker.dispatch.claim import claim
from chroniker.dispatch.gates import (
    Gate,
    Situation,
    gates_of,
    links_of,
    shut,
    waits_for_room,
)
from chroniker.dispatch.line import Selection, pages
from chroniker.dispatch.missed import end_overdue_runs, let_go_of_retry, pass_over
from chroniker.executors.base import Executor
from chroniker.host import uptime
from chroniker.models import Job
from chroniker.models.hiccups import HICCUPS, passes
from chroniker.models.job_queryset import in_order
from chroniker.moments import to_stored
from chroniker.runs import ending, lease
from chroniker.runs.outcome import Outcome, failed_to_start
from chroniker.runs.run import Run

logger = logging.getLogger("chroniker.dispatch")

HELD_FOR = timedelta(minutes=10)
"""How long a job that could not even be looked at is left alone."""


@dataclass(kw_only=True)
class TickReport:
    """What a tick did."""

    launched: list[Run] = field(default_factory=list)
    not_started: list[tuple[Run, Outcome]] = field(default_factory=list)
    """Claimed, but the executor could not take them; their ends are recorded."""
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Jobs that could not be claimed, and why; they are held for a while."""


def would_start(database: str, now: datetime, selection: Selection) -> Iterator[Job]:
    """The jobs this tick would start, in that order; changes nothing."""
    for job, gates in judged(database, Situation.read(database, now), selection):
        if not shut(gates):
            yield job


def judged(
    database: str, situation: Situation, selection: Selection
) -> Iterator[tuple[Job, list[Gate]]]:
    """The jobs a tick would look at, each with its gates, as if those before it had started."""
    asks_nothing = selection.force and not situation.standing.is_held
    for page in _pages(database, situation, selection):
        yield from judged_in_turn(page, situation, asks_nothing=asks_nothing)


def judged_in_turn(
    page: Iterable[Job], situation: Situation, *, asks_nothing: bool = False
) -> Iterator[tuple[Job, list[Gate]]]:
    """The same of these jobs, which are in the order of their turn."""
    for job in in_order(page).jobs:
        gates = [] if asks_nothing else gates_of(job, situation)
        if not shut(gates):
            situation.start(job)
        elif waits_for_room(gates):
            situation.put_off(job)
        yield job, gates


def _pages(database: str, situation: Situation, selection: Selection) -> Iterator[list[Job]]:
    def is_full() -> bool:
        return bool(situation.first_in_line)

    for page in pages(database, situation.now, selection, is_full=is_full):
        situation.pauses.expect(page)
        yield page


def tick(
    executor: Executor,
    database: str,
    now: datetime,
    selection: Selection,
    *,
    heartbeat: bool = True,
) -> TickReport:
    """Claim and launch every job that may start now. One bad job never stops the others."""
    situation = Situation.read(database, now)
    one_tick = _Tick(executor, situation, selection, heartbeat=heartbeat)
    if situation.standing.is_held:
        return one_tick.report
    if not selection.force:
        end_overdue_runs(situation)
    for page in _pages(database, situation, selection):
        found = in_order(page)
        for cycle in found.cycles:
            one_tick.refuse_all(cycle)
        one_tick.start(Wanted(job) for job in found.jobs)
    if not selection.force:
        one_tick.start(next_dates(situation, selection))
    return one_tick.report


class _Tick:
    """What the jobs of one tick have in common."""

    def __init__(
        self, executor: Executor, situation: Situation, selection: Selection, *, heartbeat: bool
    ) -> None:
        self.report = TickReport()
        self._executor = executor
        self._situation = situation
        self._now = situation.now
        self._selection = selection
        self._heartbeat = heartbeat

    def start(self, wanted: Iterable[Wanted]) -> None:
        """Claim and launch those of these jobs that may start, some at a time.

        With a date, a run for that one is meant, whatever the schedule says.
        """
        for batch in _in_batches(wanted, self._executor.claimed_at_once):
            runs = [self.claim(one) for one in batch]
            for run in filter(None, runs):
                self.launch(run)

    def claim(self, wanted: Wanted) -> Run | None:
        """Claim this job, or not: somebody else was faster, or it must wait, or it is faulty."""
        job, date = wanted.job, wanted.date
        try:
            if date is None and not self._selection.force and not self._may_start(job):
                return None
            trigger, occurrence = stands_for(job, self._selection, date)
            run = claim(
                job,
                self._now,
                trigger=trigger,
                occurrence=occurrence,
                backfill_id=wanted.backfill_id,
                lock_file_of=self._executor.lock_file,
                heartbeat=self._heartbeat,
            )
        except Exception as error:
            # Whatever it is: those claimed before are to be launched, those after to be claimed.
            logger.exception("job=%s cannot be claimed", job.pk)
            if passes(error):  # that is not the job's fault: the next tick tries again
                connections[self._situation.database].close_if_unusable_or_obsolete()
            else:
                self._refuse(job, str(error))
            return None
        if run is not None:
            self._situation.start(job)
        return run

    def _may_start(self, job: Job) -> bool:
        """Whether all of its gates are open, perhaps after it was moved past what it missed."""
        gates = gates_of(job, self._situation)
        is_its_turn = waits_for_room(gates) or not shut(gates)
        if is_its_turn and not job.force_run and let_go_of_retry(job, self._now):
            gates = gates_of(job, self._situation)
        if pass_over(job, gates, self._situation):
            gates = gates_of(job, self._situation)
        if waits_for_room(gates):
            self._situation.put_off(job)
        return not shut(gates)

    def launch(self, run: Run) -> None:
        """Hand the run to the executor; if that can't take it, its end is recorded at once."""
        try:
            held = still_held(run)
            if held is None:
                logger.warning(
                    "run=%s job=%s was taken over before it began", run.log_id, run.job_id
                )
                return
            self._executor.launch(held)
        except Exception as error:
            logger.exception("run=%s job=%s could not be started", run.log_id, run.job_id)
            outcome = failed_to_start(run, str(error))
            if _closed(run, outcome):
                self.report.not_started.append((run, outcome))
        else:
            self.report.launched.append(run)

    def refuse_all(self, cycle: list[Job]) -> None:
        """Mark jobs that wait for each other: none of them would ever run."""
        path = " → ".join(job.name for job in cycle)
        for job in cycle[:-1]:
            self._refuse(job, f"waits for itself: {path}")

    def _refuse(self, job: Job, error: str) -> None:
        self.report.refused.append((job.pk, error))
        try:
            hold(job, self._now, error)
        except HICCUPS:
            logger.exception("job=%s cannot be held", job.pk)


def _closed(run: Run, outcome: Outcome) -> bool:
    """Whether the end was recorded; if not, the run is found to be lost later."""
    try:
        return ending.close(run, outcome)
    except HICCUPS:
        logger.exception("run=%s its end cannot be recorded", run.log_id)
        return False


def still_held(run: Run) -> Run | None:
    """The run, renewed if its claim was a while ago; None if somebody has taken it over since.

    This process may have been frozen since, or may have waited for the database, so long that
    others have taken it for dead.
    """
    sent = uptime()
    if sent - run.claimed_uptime < settings.CHRONIKER_RENEW_SECONDS:
        return run
    if run.token not in lease.renew(run.database, run.slot, [run.token]):
        return None
    return replace(run, confirmed_uptime=sent)


def stands_for(
    job: Job, selection: Selection, date: datetime | None
) -> tuple[Trigger, datetime | None]:
    """What starts this run and, if that is not the job's next run, which occurrence it is for."""
    if date is not None:
        return Trigger.BACKFILL, date
    if selection.force:
        return Trigger.DIRECT, None
    if job.force_run:
        return Trigger.FORCED, None
    links = links_of(job) if job.is_chained else None
    return (Trigger.SCHEDULE, None) if links is None else (Trigger.CHAIN, links)


def hold(job: Job, now: datetime, error: str) -> None:
    """Mark a faulty job with its error and leave it alone for a while."""
    Job.objects.using(job._state.db).filter(pk=job.pk).update(
        error=error, held_until=to_stored(now + HELD_FOR)
    )


T = TypeVar("T")


def _in_batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(things)
    while batch := list(islice(remaining, size)):
        yield batch
