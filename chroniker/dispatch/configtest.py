"""Whether what is defined could run: settings, surroundings, every job, and what has no job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.core import checks
from django.core.exceptions import ValidationError

from chroniker import constants
from chroniker.dispatch.invariants import Finding
from chroniker.exceptions import InvalidArguments
from chroniker.models import Host, Job, JobHost
from chroniker.moments import to_instant

_OURS = "chroniker."


def check_definitions(database: str, now: datetime) -> list[Finding]:
    """All that is wrong with settings and jobs, at ``now`` (aware); changes nothing.

    The package's own system checks are asked, those of the database included; what the project
    has silenced is left out.
    """
    return [*_system_checks(database), *_of_jobs(database, now), *_ghosts(database)]


def _system_checks(database: str) -> Iterator[Finding]:
    for message in checks.run_checks(databases=[database]):
        own = str(message.id or "").startswith(_OURS)
        if own and not message.is_silenced():
            hint = f" {message.hint}" if message.hint else ""
            subject = "jobs and settings" if message.obj is None else str(message.obj)
            yield Finding(invariant=str(message.id), subject=subject, text=f"{message.msg}{hint}")


def _of_jobs(database: str, now: datetime) -> Iterator[Finding]:
    for job in Job.objects.using(database).order_by("name", "pk"):
        for text in _faults(job, now):
            yield Finding(invariant="definition", subject=f"job {job.pk} ({job.name})", text=text)


def _faults(job: Job, now: datetime) -> Iterator[str]:
    if job.error:
        yield str(job.error)
    try:
        job.check_definition()
    except (ValidationError, InvalidArguments) as error:
        yield " ".join(error.messages if isinstance(error, ValidationError) else [str(error)])
        return
    runs_by_itself = job.enabled and job.frequency not in constants.WITHOUT_TIMES
    if runs_by_itself and to_instant(job.next_run) is None:
        yield "it is enabled, and its schedule names no further time"


def _ghosts(database: str) -> Iterator[Finding]:
    """Rows of hosts that nobody knows any more, and of jobs that are gone."""
    known = Host.objects.using(database).values("hostname")
    rows = JobHost.objects.using(database)
    for row in rows.exclude(hostname__in=known).select_related("job"):
        yield Finding(
            invariant="ghost",
            subject=f"job {row.job_id} on {row.hostname}",
            text="this host's state of the job is kept, but the host is not known (any more)",
        )
    for row in rows.abandoned():
        yield Finding(
            invariant="ghost",
            subject=f"job {row.job_id} on {row.hostname}",
            text="its state is kept, but the job is gone",
        )
