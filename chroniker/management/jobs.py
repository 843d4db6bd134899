"""The job that somebody means who names it on a command line."""

from __future__ import annotations

from django.core.management.base import CommandError

from chroniker.models import Job

_DIGITS = 18
"""No id of any database has more."""


def job_called(word: str, database: str, *, option: str = "") -> Job:
    """The job with this id or, if there is none, with this name.

    Raises CommandError (status 2), beginning with ``option``, if there is no such job, or if
    several have the name.
    """
    where = f"{option}: " if option else ""
    jobs = Job.objects.using(database)
    if word.isascii() and word.isdecimal() and len(word) <= _DIGITS:
        job: Job | None = jobs.filter(pk=int(word)).first()
        if job is not None:
            return job
    found: list[Job] = list(jobs.filter(name=word).order_by("pk"))
    if not found:
        raise CommandError(f"{where}there is no job {word!r}, by id or by name.", returncode=2)
    if len(found) > 1:
        ids = ", ".join(str(job.pk) for job in found)
        raise CommandError(
            f"{where}{len(found)} jobs are called {word!r}; name one by its id: {ids}.",
            returncode=2,
        )
    return found[0]
