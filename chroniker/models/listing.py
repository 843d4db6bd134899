"""Jobs as a person wants to see them in a list: what each does, when, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chroniker import constants
from chroniker.models import job_rows
from chroniker.models.job import Job
from chroniker.models.job_queryset import JobQuerySet
from chroniker.models.pausing import Pauses
from chroniker.models.state import State, running, state_of
from chroniker.moments import to_instant


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A job, and what there is to say of it at one moment. Moments are aware, in UTC.

    ``errors`` is how many of its last runs ended badly in a row, at most ``job_rows.RUNS``.
    """

    job: Job
    state: State
    schedule: str
    is_running: bool
    last_run: datetime | None
    last_success: datetime | None
    next_run: datetime | None
    errors: int


def listed(jobs: JobQuerySet, now: datetime) -> list[Listed]:
    """These jobs at ``now`` (aware), by name; in a few queries however many they are."""
    found = list(job_rows.annotated(jobs, now).order_by("name", "pk"))
    job_rows.load(found, now)
    pauses = Pauses.read(jobs.writes_to, now, found)
    for job in found:
        job.held = pauses.holding(job)
    return [_listed(job, now) for job in found]


def schedule_in_words(job: Job) -> str:
    """Its schedule, or why there is none that could be read."""
    try:
        return job.schedule().describe()
    except (ValueError, OverflowError) as error:  # InvalidSchedule is a ValueError
        return str(error)


def _listed(job: Job, now: datetime) -> Listed:
    rows: Sequence[Job] = [job]
    if job.hostname == constants.ALL_HOSTS and getattr(job, "has_host_rows", False):
        rows = [*job.hosts.all()] or rows
    ahead = [moment for row in rows if (moment := to_instant(row.next_run)) is not None]
    return Listed(
        job=job,
        state=state_of(job, now),
        schedule=schedule_in_words(job),
        is_running=bool(running(job)),
        last_run=to_instant(job.last_run),
        last_success=to_instant(job.last_success),
        next_run=min(ahead, default=None) if job.enabled else None,
        errors=job_rows.failures_in_a_row(job),
    )
