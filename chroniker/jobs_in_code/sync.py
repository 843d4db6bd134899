"""Making the tables agree with the code: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from chroniker import wording
from chroniker.exceptions import InvalidDeclaration
from chroniker.jobs_in_code import plan
from chroniker.jobs_in_code.plan import Choices, Kind, Step
from chroniker.jobs_in_code.values import DEPENDS_ON, Wanted, as_column
from chroniker.models import Installation, Job, JobDependency
from chroniker.models.hiccups import with_retries
from chroniker.moments import to_stored


class Overtaken(Exception):
    """The tables were changed since the differences were shown."""


def apply(
    database: str,
    jobs: Sequence[Wanted],
    choices: Choices,
    now: datetime,
    *,
    shown: Sequence[Step] | None = None,
) -> list[Step]:
    """Make the tables agree with these jobs, in one transaction; returns what was done.

    ``now`` is the database's time. With the steps that somebody was ``shown``, these are done or
    none: raises Overtaken. Raises InvalidDeclaration for a job that cannot be stored. Of two at
    once the second waits, and finds nothing left to do.
    """
    # Outside, for who makes it would else be alone with it until the end.
    Installation.objects.using(database).the_one()
    return with_retries(database, lambda: _apply(database, jobs, choices, now, shown))


def _apply(
    database: str,
    jobs: Sequence[Wanted],
    choices: Choices,
    now: datetime,
    shown: Sequence[Step] | None,
) -> list[Step]:
    with transaction.atomic(using=database):
        # A write first: it makes others wait, and what is read then is what they have written.
        Installation.objects.using(database).update(name=F("name"))
        steps = plan.make(database, jobs, choices)
        if shown is not None and steps != list(shown):
            raise Overtaken
        ids: dict[str, int] = {}
        for step in steps:
            ids[step.key] = _carry_out(database, step, now)
        for step in steps:
            if step.does_something and DEPENDS_ON in {*step.declared, *step.returned}:
                _link(database, step, ids)
        return steps


def _carry_out(database: str, step: Step, now: datetime) -> int:
    """Do it; returns the id of the job."""
    if step.job_id is None or step.kind in (Kind.TAKE_OVER, Kind.UPDATE):
        return _save(database, step)
    job = Job.objects.using(database).filter(pk=step.job_id)
    if step.kind == Kind.RETIRE:
        # A claim that has seen it enabled then finds another revision; a run that goes on, goes on.
        job.update(enabled=False, revision=F("revision") + 1, code_retired_at=to_stored(now))
    elif step.kind == Kind.DELETE:
        found = job.idle().first()
        if found is None:
            raise InvalidDeclaration(f"{step.key}: {step.name} is running, and is not deleted.")
        found.delete()
    return step.job_id


def _save(database: str, step: Step) -> int:
    job = Job() if step.job_id is None else Job.objects.using(database).get(pk=step.job_id)
    for name, value in step.initial.items():
        setattr(job, name, value)
    for change in step.changes:
        if change.field != DEPENDS_ON:
            setattr(job, change.field, as_column(change.field, change.code))
    job.code_key, job.code_fields, job.code_retired_at = step.key, dict(step.declared), None
    try:
        job.save(using=database)
    except ValidationError as error:
        raise InvalidDeclaration(f"{step.key}: {'; '.join(wording.faults(error))}") from error
    return job.pk


def _link(database: str, step: Step, ids: dict[str, int]) -> None:
    """Let it wait for those that are declared, and no longer for those that were."""
    change = next((each for each in step.changes if each.field == DEPENDS_ON), None)
    if change is None:
        return
    rows = JobDependency.objects.using(database).filter(dependent=ids[step.key])
    dropped: Any = set(change.here or ()) - set(change.code)
    rows.filter(dependee__code_key__in=dropped).delete()
    for key in change.code:
        if rows.filter(dependee=ids[key]).exists():
            continue
        row = JobDependency(dependent_id=ids[step.key], dependee_id=ids[key])
        try:
            row.save(using=database)
        except ValidationError as error:
            text = f"{step.key}: {DEPENDS_ON}: {' '.join(error.messages)}"
            raise InvalidDeclaration(text) from error
