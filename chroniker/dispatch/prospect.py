"""What will run: the jobs of the database as they are now or will be then, and their forecast."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from chroniker import constants, settings
from chroniker.dispatch.background import Background
from chroniker.dispatch.forecast import Forecast, Planned
from chroniker.expectations.history import usual
from chroniker.models import Job
from chroniker.moments import to_instant, to_stored

FAR = timedelta(days=2)
"""What begins later than this is not worked out from now on."""

LEAD = timedelta(days=1)
"""It is worked out from so long before, as if all had run in time until then."""

_INSTANT = timedelta.resolution


def runs_between(database: str, now: datetime, start: datetime, end: datetime) -> Iterator[Planned]:
    """The runs that are to begin from ``start`` on and before ``end``, in order; all aware.

    From now on with all that runs and waits now; of a time that is further off than ``FAR``, as if
    all had run in time until a day before. Writes nothing.
    """
    prospect = from_now(database, now) if start - now <= FAR else at(database, now, start)
    for planned in prospect.until(end):
        if planned.starts >= start:
            yield planned


def from_now(database: str, now: datetime) -> Forecast:
    """The forecast of the jobs as they are at ``now`` (aware)."""
    return _forecast(database, now, _jobs(database), now)


def at(database: str, now: datetime, moment: datetime) -> Forecast:
    """The forecast from ``moment`` on (all aware), as if all had run in time until then.

    Nothing runs or waits from earlier than a day before; each job's last run then succeeded.
    """
    jobs, begin = _jobs(database), moment - LEAD
    for job in jobs:
        _wind(job, begin)
    prospect = _forecast(database, now, jobs, begin)
    for _ in prospect.until(moment):
        pass
    return prospect


def _forecast(database: str, now: datetime, jobs: list[Job], begin: datetime) -> Forecast:
    return Forecast(
        jobs,
        begin,
        usual=usual([job.pk for job in jobs], database),
        background=Background.read(database, now, jobs),
    )


def _jobs(database: str) -> list[Job]:
    """All jobs; those that wait for each other are the same objects. A few queries."""
    found = list(Job.objects.using(database).prefetch_related("dependencies", "hosts"))
    by_id = {job.pk: job for job in found}
    for job in found:
        for dependency in job.dependencies.all():
            dependency.dependent = job
            dependency.dependee = by_id[dependency.dependee_id]
    return [_here(job) for job in found]


def _here(job: Job) -> Job:
    """The job, with the state of this host where every host runs it for itself."""
    if job.hostname == constants.ALL_HOSTS:
        for row in job.hosts.all():
            if row.hostname == settings.hostname():
                row.job = job
                return row.as_job()
    return job


def _wind(job: Job, moment: datetime) -> None:
    """Let a job be as if it had run in time until ``moment``, and well."""
    stored = to_stored(moment)
    for row in (job, *job.hosts.all()):
        row.is_running = False
    job.force_run, job.attempt, job.retry_at = False, 0, None
    job.error = job.held_until = None
    job.last_run = job.last_run_start_timestamp = job.last_ended = job.last_success = stored
    job.last_run_successful = True
    next_run = to_instant(job.next_run)
    if job.frequency in constants.WITHOUT_TIMES:
        job.next_run = job.next_occurrence = None
    elif job.frequency == constants.ONCE:
        job.enabled = job.enabled and next_run is not None and next_run >= moment
    elif next_run is not None and (next_run < moment or _is_free(job)):
        job.next_run = job.next_occurrence = to_stored(_first(job, moment))


def _is_free(job: Job) -> bool:
    """Whether its rule names times before its first run as well."""
    return bool(job.frequency == constants.CRON)


def _first(job: Job, moment: datetime) -> datetime | None:
    try:
        return job.next_after(moment - _INSTANT)
    except (ValueError, OverflowError):  # InvalidSchedule is a ValueError
        return None
