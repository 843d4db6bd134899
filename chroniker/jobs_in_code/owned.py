"""Which fields of a job are the code's, and which of them were changed here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from chroniker.jobs_in_code import plan
from chroniker.jobs_in_code.values import DEPENDS_ON, FIELDS, as_column
from chroniker.models import Job, JobDependency


@dataclass(frozen=True, kw_only=True)
class OwnedField:
    """A field that code declares: its value as it was last synchronised, and as it is here."""

    name: str
    code: Any
    here: Any
    is_edited: bool


def fields_of(job: Job) -> list[OwnedField]:
    """The fields that code declares of this job, in order; none of a job of the admin's."""
    declared = job.declared
    if not declared:
        return []
    dependees = _dependees(job) if DEPENDS_ON in declared else {}
    found = []
    for name in sorted(set(declared) & {*FIELDS, DEPENDS_ON}):
        here = plan.value_here(job, name, declared, {}, dependees)
        is_edited = plan.is_edited_here(job, name, here)
        found.append(OwnedField(name=name, code=declared[name], here=here, is_edited=is_edited))
    return found


def reset(job: Job, names: Collection[str]) -> list[str]:
    """Give fields that were changed here the values that code declares; returns which.

    Raises ValidationError if that could not be a job any more.
    """
    changed = [field for field in fields_of(job) if field.is_edited and field.name in names]
    with transaction.atomic(using=job._state.db):
        for field in changed:
            if field.name != DEPENDS_ON:
                setattr(job, field.name, as_column(field.name, field.code))
        job.save()
        for field in changed:
            if field.name == DEPENDS_ON:
                _wait_for(job, field.code)
    return [field.name for field in changed]


def _dependees(job: Job) -> Mapping[str, int]:
    rows = job.dependencies.exclude(dependee__code_key=None)
    return {str(key): pk for key, pk in rows.values_list("dependee__code_key", "dependee")}


def _wait_for(job: Job, keys: Collection[str]) -> None:
    jobs = Job.objects.using(job._state.db).filter(code_key__in=set(keys) - set(_dependees(job)))
    for other in jobs:
        JobDependency(dependent=job, dependee=other).save(using=job._state.db)
