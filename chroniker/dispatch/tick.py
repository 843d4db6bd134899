"""One pass over the due jobs: claim those that may start, and launch them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from chroniker import constants, settings
from chroniker.constants import Trigger
from chroniker.dispatch.claim import claim
from chroniker.executors.base import Executor
from chroniker.host import uptime
from chroniker.models import Job, claims
from chroniker.models.hiccups import HICCUPS
from chroniker.models.job_queryset import JobQuerySet, Ordered, in_order
from chroniker.moments import to_stored
from chroniker.runs import ending, lease
from chroniker.runs.outcome import Outcome, failed_to_start
from chroniker.runs.run import Run

logger = logging.getLogger("chroniker.dispatch")

HELD_FOR = timedelta(minutes=10)
"""How long a job that could not even be looked at is left alone."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which jobs a tick is about.

    ``jobs`` limits it to these ids. ``force`` takes jobs that are not due as well; disabled jobs
    and those of other hosts only if they are named. ``dependents_of`` limits it to jobs that wait
    for one of these.
    """

    jobs: Collection[int] = ()
    force: bool = False
    dependents_of: Collection[int] = ()


@dataclass(kw_only=True)
class TickReport:
    """What a tick did."""

    launched: list[Run] = field(default_factory=list)
    not_started: list[tuple[Run, Outcome]] = field(default_factory=list)
    """Claimed, but the executor could not take them; their ends are recorded."""
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Jobs that could not be claimed, and why; they are held for a while."""


def candidates(database: str, now: datetime, selection: Selection) -> Ordered:
    """The jobs this tick would start, dependees before their dependents."""
    jobs: JobQuerySet = Job.objects.using(database)
    if selection.dependents_of:
        waiting = jobs.filter(dependencies__dependee__in=selection.dependents_of)
        jobs = jobs.filter(pk__in=waiting.values("pk"))
    if selection.force:
        return in_order(_forced(jobs, selection))
    # A job for all hosts has a row for each of them, which is due or not.
    here = jobs.exclude(hostname=constants.ALL_HOSTS)
    due = here.due_with_met_dependencies(selection.jobs, now=now)
    everywhere = claims.due_here(database, now, settings.hostname(), selection.jobs)
    return in_order([*due, *(job for job in everywhere if _meets_dependencies(job))])


def _forced(jobs: JobQuerySet, selection: Selection) -> JobQuerySet:
    if selection.jobs:
        return jobs.filter(pk__in=selection.jobs)
    return jobs.of_enabled().for_host(settings.hostname())


def _meets_dependencies(job: Job) -> bool:
    return all(dependency.criteria_met() for dependency in job.dependencies.all())


def tick(
    executor: Executor,
    database: str,
    now: datetime,
    selection: Selection,
    *,
    heartbeat: bool = True,
) -> TickReport:
    """Claim and launch every job that may start now. One bad job never stops the others."""
    one_tick = _Tick(executor, now, selection, heartbeat=heartbeat)
    found = candidates(database, now, selection)
    for cycle in found.cycles:
        one_tick.refuse_all(cycle)
    for batch in _in_batches(found.jobs, executor.claimed_at_once):
        runs = [one_tick.claim(job) for job in batch]
        for run in filter(None, runs):
            one_tick.launch(run)
    return one_tick.report


class _Tick:
    """What the jobs of one tick have in common."""

    def __init__(
        self, executor: Executor, now: datetime, selection: Selection, *, heartbeat: bool
    ) -> None:
        self.report = TickReport()
        self._executor = executor
        self._now = now
        self._selection = selection
        self._heartbeat = heartbeat
        self._claimed: set[int] = set()

    def claim(self, job: Job) -> Run | None:
        """Claim this job, or not: somebody else was faster, or it must wait, or it is faulty."""
        if not self._selection.force and not self._may_start(job):
            return None
        try:
            run = claim(
                job,
                self._now,
                trigger=_trigger(job, self._selection),
                lock_file_of=self._executor.lock_file,
                heartbeat=self._heartbeat,
            )
        except Exception as error:
            # Whatever it is: those claimed before are to be launched, those after to be claimed.
            logger.exception("job=%s cannot be claimed", job.pk)
            self._refuse(job, str(error))
            return None
        if run is not None:
            self._claimed.add(job.pk)
        return run

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

    def _may_start(self, job: Job) -> bool:
        """Whether none of the jobs claimed a moment ago is one that this one waits for."""
        return not any(
            dependency.wait_for_completion and dependency.dependee_id in self._claimed
            for dependency in job.dependencies.all()
        )


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


def _trigger(job: Job, selection: Selection) -> Trigger:
    if selection.force:
        return Trigger.DIRECT
    return Trigger.FORCED if job.force_run else Trigger.SCHEDULE


def hold(job: Job, now: datetime, error: str) -> None:
    """Mark a faulty job with its error and leave it alone for a while."""
    Job.objects.using(job._state.db).filter(pk=job.pk).update(
        error=error, held_until=to_stored(now + HELD_FOR)
    )


def _in_batches(jobs: Iterable[Job], size: int) -> Iterator[list[Job]]:
    remaining = iter(jobs)
    while batch := list(islice(remaining, size)):
        yield batch
