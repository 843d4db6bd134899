"""Questions about jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models, router
from django.db.models import Q

from chroniker import constants, dependency_graph, settings
from chroniker.models.claimable import has_come, same_next_run
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored

if TYPE_CHECKING:
    from chroniker.models.job import Job


class JobQuerySet(models.QuerySet["Job"]):
    """What is due, running, stale; each a filter that can be chained."""

    @property
    def writes_to(self) -> str:
        """The database these jobs are claimed in; a replica could be behind."""
        chosen: str | None = self._db  # type: ignore[attr-defined]
        return chosen or router.db_for_write(self.model)

    def now(self) -> datetime:
        """The moment by the clock of the database these jobs are in."""
        return database_now(self.writes_to)

    def due(
        self,
        job: Job | int | None = None,
        check_running: bool = True,  # noqa: FBT001, FBT002 - as in 1.x
        check_hostname: bool = True,  # noqa: FBT001, FBT002 - as in 1.x
        *,
        now: datetime | None = None,
        hostname: str | None = None,
    ) -> JobQuerySet:
        """Enabled jobs whose next run has come, or that somebody forces.

        ``now`` is an aware datetime, by default the database's own; ``hostname`` is by default
        this host's.
        """
        moment = to_stored(now or self.now())
        jobs = self.filter(has_come(moment) | Q(force_run=True), enabled=True)
        jobs = jobs.filter(rested(moment))
        if job is not None:
            jobs = jobs.filter(pk=job if isinstance(job, int) else job.pk)
        if check_hostname:
            jobs = jobs.for_host(hostname or settings.hostname())
        if check_running:
            jobs = jobs.idle()
        return jobs

    def idle(self) -> JobQuerySet:
        """Jobs nobody has claimed."""
        return self.filter(is_running=False)

    def unchanged(self, job: Job) -> JobQuerySet:
        """This job, if definition and next run are still as they were when it was loaded."""
        return self.filter(same_next_run(job), pk=job.pk, revision=job.revision)

    def of_enabled(self) -> JobQuerySet:
        """Jobs that are switched on."""
        return self.filter(enabled=True)

    def all_running(self) -> JobQuerySet:
        """Jobs somebody has claimed."""
        return self.filter(is_running=True)

    def for_host(self, hostname: str) -> JobQuerySet:
        """Jobs that may run on this host."""
        names = ("", constants.ALL_HOSTS, hostname)
        return self.filter(Q(hostname__isnull=True) | Q(hostname__in=names))

    def stale(self, now: datetime | None = None) -> JobQuerySet:
        """Running jobs without a sign of life for ``CHRONIKER_STALE_MINUTES``."""
        limit = (now or self.now()) - timedelta(minutes=settings.CHRONIKER_STALE_MINUTES)
        silent = Q(last_heartbeat__isnull=True) | Q(last_heartbeat__lt=to_stored(limit))
        return self.all_running().filter(silent)

    def end_all_stale(self) -> None:
        """Record every stale run as lost, after ending what is left of it on this host."""
        from chroniker.models import doors

        doors.end_all_stale(self.writes_to)

    end_all_stale.alters_data = True  # type: ignore[attr-defined] # templates leave it alone

    def due_with_met_dependencies(
        self, jobs: Collection[int] | None = None, *, now: datetime | None = None
    ) -> Iterator[Job]:
        """Due jobs, by name, whose dependencies are met; ``jobs`` limits them to these ids.

        A job waits for its dependees whether they are among ``jobs`` or not, as in 1.x.
        """
        due = self.due(now=now).order_by("name", "pk")
        if jobs:
            due = due.filter(pk__in=jobs)
        for job in due.prefetch_related("dependencies__dependee"):
            if all(dependency.criteria_met() for dependency in job.dependencies.all()):
                yield job

    def due_with_met_dependencies_ordered(
        self, jobs: Collection[int] | None = None, *, now: datetime | None = None
    ) -> list[Job]:
        """The same, each after those it waits for."""
        return in_order(self.due_with_met_dependencies(jobs, now=now)).jobs

    def ordered_by_dependencies(self, jobs: Iterable[Job] | None = None) -> list[Job]:
        """These jobs (all by default), each after those it waits for."""
        return in_order(self.all() if jobs is None else jobs).jobs

    def get_by_natural_key(self, *values: Any) -> Job:
        """The job whose ``CHRONIKER_JOB_NK`` fields have these values."""
        return self.get(**dict(zip(settings.CHRONIKER_JOB_NK, values, strict=True)))


def rested(moment: datetime, *, job: str = "") -> Q:
    """Jobs not held back after an error (see ``Job.held_until``); ``moment`` as it is stored.

    ``job`` is the path to the job from the rows that are filtered, such as ``"job__"``.
    """
    return Q(**{f"{job}held_until__isnull": True}) | Q(**{f"{job}held_until__lte": moment})


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """Jobs with dependees before dependents, and those left out as they wait for each other.

    A cycle begins and ends with the same job.
    """

    jobs: list[Job]
    cycles: list[list[Job]]


def in_order(jobs: Iterable[Job]) -> Ordered:
    """These jobs in an order in which each comes after those it waits for."""
    by_id = {job.pk: job for job in jobs}
    waits_for = {
        pk: [dependency.dependee_id for dependency in job.dependencies.all()]
        for pk, job in by_id.items()
    }
    ordered = dependency_graph.order(by_id, waits_for)
    return Ordered(
        jobs=[by_id[pk] for pk in ordered.ids],
        cycles=[[by_id[pk] for pk in cycle] for cycle in ordered.cycles],
    )


class JobManager(models.Manager.from_queryset(JobQuerySet)):  # type: ignore[misc]
    """The manager of jobs; all questions are on :class:`JobQuerySet`."""
