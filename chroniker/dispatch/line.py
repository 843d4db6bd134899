"""Who may be due, in the order in which they are to start."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chroniker import constants, settings
from chroniker.models import Backfill, Job, claims
from chroniker.models.job_queryset import JobQuerySet, rested
from chroniker.moments import to_instant, to_stored

PAGE = 100
"""So many jobs are loaded at once: of a thousand that are due only some can start."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which jobs a tick is about.

    ``jobs`` limits it to these ids. ``force`` takes jobs that are not due as well; disabled jobs
    and those of other hosts only if they are named. ``dependents_of`` limits it to jobs that wait
    for one of these. ``without`` are left out.
    """

    jobs: Collection[int] = ()
    force: bool = False
    dependents_of: Collection[int] = ()
    without: Collection[int] = ()

    @property
    def is_of_all(self) -> bool:
        """Whether every job is meant that is due."""
        return self == Selection()


def pages(
    database: str, now: datetime, selection: Selection, *, is_full: Callable[[], bool]
) -> Iterator[list[Job]]:
    """The jobs that may be due here: highest priority first, then the longest overdue.

    Once the host ``is_full``, only jobs without weight are of interest.
    """
    if selection.force:
        yield list(_with_dependencies(_forced(_jobs(database, selection), selection)))
        return
    here = [*_due(database, now, selection)]
    everywhere = _due_everywhere(database, now, selection)
    hosts = {(job.slot, job.pk): job for job in everywhere}
    here += [(_rank(job), job.pk, job.weight, job.slot) for job in everywhere]
    here.sort()
    for start in range(0, len(here), PAGE):
        wanted = [one for one in here[start : start + PAGE] if not (is_full() and one[2])]
        ids = [pk for _, pk, _, slot in wanted if not slot]
        jobs = {job.pk: job for job in _with_dependencies(_jobs(database, selection), ids)}
        found = [hosts.get((slot, pk)) if slot else jobs.get(pk) for _, pk, _, slot in wanted]
        if loaded := [job for job in found if job is not None]:
            yield loaded


def is_anyone_waiting(database: str) -> bool:
    """Whether there are jobs whose turn does not come by their own time: chained or backfilled."""
    return _chained(Job.objects.using(database)).exists() or _ordered(database).exists()


def _jobs(database: str, selection: Selection) -> JobQuerySet:
    jobs: JobQuerySet = Job.objects.using(database)
    if selection.dependents_of:
        waiting = jobs.filter(dependencies__dependee__in=selection.dependents_of)
        jobs = jobs.filter(pk__in=waiting.values("pk"))
    if selection.jobs:
        jobs = jobs.filter(pk__in=selection.jobs)
    if selection.without:
        jobs = jobs.exclude(pk__in=selection.without)
    return jobs


def _with_dependencies(jobs: JobQuerySet, ids: Collection[int] | None = None) -> JobQuerySet:
    chosen = jobs if ids is None else jobs.filter(pk__in=ids)
    return chosen.prefetch_related("dependencies__dependee__hosts")


def _forced(jobs: JobQuerySet, selection: Selection) -> JobQuerySet:
    wanted = jobs if selection.jobs else jobs.of_enabled().for_host(settings.hostname())
    return wanted.order_by("name", "pk")


def _due(database: str, now: datetime, selection: Selection) -> Iterator[Any]:
    # A job for all hosts has a row for each of them, which is due or not.
    jobs = _jobs(database, selection).exclude(hostname=constants.ALL_HOSTS)
    chained = _chained(jobs).filter(rested(to_stored(now))).for_host(settings.hostname())
    for found in (jobs.due(now=now), chained):
        for pk, weight, *rank in found.values_list("pk", "weight", "priority", "next_run", "name"):
            yield _as_rank(*rank), pk, weight, ""


def _due_everywhere(database: str, now: datetime, selection: Selection) -> list[Job]:
    due = claims.due_here(database, now, settings.hostname(), selection.jobs)
    if selection.dependents_of or selection.without:
        wanted = set(_jobs(database, selection).values_list("pk", flat=True))
        due = [job for job in due if job.pk in wanted]
    return due


def _chained(jobs: JobQuerySet) -> JobQuerySet:
    return jobs.of_enabled().idle().filter(frequency=constants.CHAINED, force_run=False)


def _rank(job: Job) -> tuple[int, datetime, str]:
    return _as_rank(job.priority, job.next_run, job.name)


def _as_rank(priority: Any, next_run: Any, name: Any) -> tuple[int, datetime, str]:
    return (-priority, to_instant(next_run) or _LONG_AGO, name)


def in_turn(jobs: Iterable[Job]) -> list[Job]:
    """These jobs in the order in which they are to start: that of :func:`pages`."""
    return sorted(jobs, key=lambda job: (_rank(job), job.pk))


# Orders to backfill


def _ordered(database: str) -> Any:
    return Backfill.objects.using(database).unfinished()


def orders(database: str, selection: Selection) -> list[Backfill]:
    """The oldest unfinished order of each job that is idle, in the order they were given."""
    jobs = _with_dependencies(_jobs(database, selection).idle().for_host(settings.hostname()))
    found: dict[int, Backfill] = {}
    for order in _ordered(database).order_by("pk"):
        found.setdefault(order.job_id, order)
    known = {job.pk: job for job in jobs.filter(pk__in=found)} if found else {}
    for order in found.values():
        if order.job_id in known:
            order.job = known[order.job_id]
    return [order for order in found.values() if order.job_id in known]
