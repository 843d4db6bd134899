"""System checks of the jobs in the database: those whose runs could not begin on this host.

They are about this host and this user, as are those of :mod:`chroniker.surroundings`, and run by
``manage.py check --database``.

========  =================================================================================
W007      a job's environment refers to what is not there
W008      a job limits its memory, which this system cannot do
W009      a job's rules contradict each other, or can never be met here
========  =================================================================================
"""

from collections.abc import Collection, Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError

from chroniker import environment, settings, write_database
from chroniker.constants import ALL_HOSTS
from chroniker.exceptions import InvalidEnvironment
from chroniker.host import can_limit_memory


@register(Tags.database)
def check_jobs(databases: Collection[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Check the enabled jobs that this host may run, if their database is among these."""
    alias = write_database.alias()
    if alias not in (databases or ()):
        return []
    try:
        return list(_check_jobs(alias))
    except (DatabaseError, InterfaceError):
        return []  # not migrated yet, or out of reach; Django's own checks tell


def _check_jobs(alias: str) -> Iterator[CheckMessage]:
    jobs = apps.get_model("chroniker", "Job").objects.using(alias).filter(enabled=True)
    for job in jobs.prefetch_related("dependencies__dependee"):
        if job.hostname and job.hostname not in (ALL_HOSTS, settings.hostname()):
            continue
        for fault in _faults(job.environment):
            yield CheckWarning(
                f"Job {job.pk} ({job.name}) could not be started by this user here: {fault}",
                hint="Correct its environment, or what that refers to.",
                id="chroniker.W007",
            )
        for fault in _contradictions(job):
            yield CheckWarning(
                f"Job {job.pk} ({job.name}) will not run as it is meant to: {fault}",
                hint="Correct it in the admin.",
                id="chroniker.W009",
            )
        if job.memory_limit_mb and not can_limit_memory():
            yield CheckWarning(
                f"Job {job.pk} ({job.name}) limits its memory to {job.memory_limit_mb} MB, which "
                "has no effect on this system.",
                hint="Run it on a host with Linux, or remove the limit.",
                id="chroniker.W008",
            )


def _contradictions(job: Any) -> Iterator[str]:
    """What a form would have refused, but an UPDATE, a fixture or a changed setting has not."""
    try:
        job.clean_policies({field.name for field in job._meta.concrete_fields})
        job.clean_window()
    except ValidationError as error:
        yield " ".join(error.messages)
    if settings.capacity() and job.weight > settings.capacity():
        yield f"its weight is {job.weight}, and this host carries {settings.capacity()}"
    dependencies = job.dependencies.all()
    if job.is_chained and not dependencies:
        yield "it runs after the jobs it waits for, and waits for none"
    for dependency in dependencies:
        try:
            dependency.clean()
        except ValidationError as error:
            yield " ".join(error.messages)


def _faults(text: str) -> list[str]:
    try:
        return environment.faults(text)
    except InvalidEnvironment as error:
        return [str(error)]
