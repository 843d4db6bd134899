"""Doing what an import was said to do, in one transaction, or nothing of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DataError, IntegrityError, transaction

from chroniker.exceptions import CannotImport
from chroniker.interchange.comparison import compare, full_criteria
from chroniker.interchange.difference import Difference, JobChange
from chroniker.interchange.document import Document, Key
from chroniker.interchange.stored import key_of
from chroniker.models import Job, JobDependency
from chroniker.models.hiccups import with_retries


def apply(document: Document, using: str, *, agreed: str, prune: bool = False) -> Difference:
    """Import these jobs if that still does what was agreed to; return what was done.

    ``agreed`` is the fingerprint of the difference that somebody has seen. Raises CannotImport
    for faults, and if by now something else would be done; then nothing was changed.
    """
    try:
        return with_retries(using, lambda: _apply(document, using, agreed=agreed, prune=prune))
    except (IntegrityError, DataError) as error:
        raise CannotImport([f"The database refuses it: {error}"]) from error


def _apply(document: Document, using: str, *, agreed: str, prune: bool) -> Difference:
    with transaction.atomic(using=using):
        # Nobody else changes a definition between the comparison and the writing.
        list(Job.objects.using(using).select_for_update().order_by("pk").values_list("pk"))
        difference = compare(document, using, prune=prune)
        if difference.faults:
            raise CannotImport([*difference.faults])
        if difference.fingerprint != agreed:
            raise CannotImport(
                ["The jobs were changed meanwhile, so this would no longer do what was shown."]
            )
        for change in difference.to_do:
            if change.restores:
                change.job.restore(using=using)
            else:
                change.job.save(using=using)
        _relate(difference.to_do, using)
    return difference


def _relate(changes: Iterable[JobChange], using: str) -> None:
    """Write the dependencies and subscribers that changed, once all the jobs are there."""
    by_key: dict[Key, Job] = {}
    for change in changes:
        changed = {field.name for field in change.fields}
        if "dependencies" in changed:
            by_key = by_key or {key_of(job): job for job in Job.objects.using(using)}
            _link(change, by_key, using)
        if "subscribers" in changed:
            users: Any = get_user_model()
            names = {f"{users.USERNAME_FIELD}__in": change.entry.subscribers}
            change.job.subscribers.set(users._default_manager.using(using).filter(**names))


def _link(change: JobChange, by_key: dict[Key, Job], using: str) -> None:
    links = {by_key[link.job].pk: full_criteria(link) for link in change.entry.dependencies or ()}
    rows = JobDependency.objects.using(using).filter(dependent=change.job.pk)
    rows.exclude(dependee__in=links).delete()
    present = {row.dependee_id: row for row in rows}
    for dependee, criteria in links.items():
        if dependee in present:
            rows.filter(pk=present[dependee].pk).update(**criteria)
        else:
            # Circles were looked for among all jobs at once; one row's save() would not see them.
            row = JobDependency(dependent_id=change.job.pk, dependee_id=dependee, **criteria)
            JobDependency.objects.using(using).bulk_create([row])
