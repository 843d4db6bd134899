"""The jobs of a database as a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from chroniker.exceptions import CannotImport
from chroniker.interchange import carried
from chroniker.interchange.document import CRITERIA, Document, Entry, Key, Link, in_words, key_names
from chroniker.models import Job, JobQuerySet


def document_of(jobs: JobQuerySet) -> Document:
    """These jobs, by name, with their dependencies and subscribers.

    Raises CannotImport if two of them, or of those they wait for, are known by the same key:
    nobody could tell them apart again.
    """
    found = list(
        jobs.order_by("name", "pk").prefetch_related("dependencies__dependee", "subscribers")
    )
    waited_for = {link.dependee for job in found for link in job.dependencies.all()}
    _refuse_twins({*found, *waited_for})
    return Document(jobs=tuple(entry_of(job) for job in found))


def entry_of(job: Job) -> Entry:
    """One job; its dependencies by the key of the job that is waited for."""
    links = [
        Link(
            job=key_of(link.dependee),
            criteria={name: getattr(link, name) for name in CRITERIA},
        )
        for link in job.dependencies.all()
    ]
    return Entry(
        fields={name: carried.stored_value(job, field) for name, field in carried.fields().items()},
        dependencies=tuple(sorted(links, key=lambda link: str(link.job))),
        subscribers=tuple(sorted(user.get_username() for user in job.subscribers.all())),
    )


def key_of(job: Job) -> Key:
    """What a job is known by."""
    known = carried.fields()
    return tuple(carried.stored_value(job, known[name]) for name in key_names())


def _refuse_twins(jobs: Iterable[Job]) -> None:
    counted = Counter(key_of(job) for job in jobs)
    faults = [
        f"{count} jobs are called {in_words(key)!r}: rename them, or let CHRONIKER_JOB_NK name "
        "fields that tell them apart."
        for key, count in counted.items()
        if count > 1
    ]
    if faults:
        raise CannotImport(faults)
