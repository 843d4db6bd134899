"""What stands between the code and the tables: each difference, and what is to become of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from chroniker import dependency_graph
from chroniker.exceptions import InvalidDeclaration
from chroniker.jobs_in_code.declaration import Declaration
from chroniker.jobs_in_code.values import DEPENDS_ON, Wanted, plain, wanted
from chroniker.models import Job, JobDependency

NEXT_RUN = "next_run"


class Kind(StrEnum):
    """What becomes of a job."""

    CREATE = "create"
    TAKE_OVER = "take over"
    UPDATE = "update"
    LEAVE = "leave"
    RETIRE = "retire"
    DELETE = "delete"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that is not as it is declared."""

    field: str
    here: Any
    code: Any


@dataclass(frozen=True, kw_only=True)
class Step:
    """What becomes of one job.

    ``changes`` are made; ``kept`` were changed here and stay; ``returned`` are fields that code
    no longer declares, which keep their values and are the admin's from now on. ``logs`` are
    deleted with a job. ``declared`` is what is remembered as declared.
    """

    kind: Kind
    key: str
    name: str
    job_id: int | None = None
    changes: tuple[Difference, ...] = ()
    kept: tuple[Difference, ...] = ()
    returned: tuple[str, ...] = ()
    logs: int = 0
    initial: Mapping[str, Any] = field(default_factory=dict)
    declared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def does_something(self) -> bool:
        """Whether a row is written for it."""
        return self.kind not in (Kind.LEAVE, Kind.GONE)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How far it is to go. ``reset``: also what was changed here. ``prune``: jobs gone from code
    are disabled; with ``delete`` they are deleted, with their logs."""

    reset: bool = False
    prune: bool = False
    delete: bool = False


def all_wanted(declarations: Collection[Declaration]) -> list[Wanted]:
    """The jobs that are declared, with the keys they depend on.

    Raises InvalidDeclaration, with a line for each fault.
    """
    jobs, faults = [], []
    for one in declarations:
        try:
            jobs.append(wanted(one))
        except InvalidDeclaration as error:
            faults.append(str(error))
    keys = _keys_by_name(jobs, declarations)
    resolved = []
    for job in jobs:
        try:
            resolved.append(_resolved(job, keys))
        except InvalidDeclaration as error:
            faults.append(str(error))
    faults += [] if faults else _circles(resolved)
    if faults:
        raise InvalidDeclaration("\n".join(faults))
    return resolved


def _keys_by_name(jobs: Sequence[Wanted], declarations: Collection[Declaration]) -> dict[Any, str]:
    """The key of a job by all that it can be called: its key, its name, its function."""
    keys: dict[Any, str] = {}
    for job in jobs:
        name = job.owned.get("name") or job.initial.get("name")
        keys.setdefault(name, job.key)
    for one in declarations:
        if one.target is not None:
            keys[one.target] = one.key
    return keys | {job.key: job.key for job in jobs}


def _resolved(job: Wanted, keys: Mapping[Any, str]) -> Wanted:
    if job.depends_on is None:
        return job
    found = []
    for other in job.depends_on:
        try:
            found.append(keys[other])
        except (KeyError, TypeError):
            texts = [key for key in keys if isinstance(key, str)]
            close = get_close_matches(str(other), texts, n=1)
            meant = f" Did you mean {close[0]}?" if close else ""
            raise InvalidDeclaration(
                f"{job.where}: depends_on: nothing is declared as {other!r}.{meant}"
            ) from None
    owned = {**job.owned, DEPENDS_ON: sorted(set(found))}
    return Wanted(
        key=job.key, where=job.where, owned=owned, initial=job.initial, depends_on=tuple(found)
    )


def _circles(jobs: Sequence[Wanted]) -> list[str]:
    numbers = {job.key: number for number, job in enumerate(jobs)}
    waits_for = {numbers[job.key]: [numbers[key] for key in job.depends_on or ()] for job in jobs}
    for job in jobs:
        cycle = dependency_graph.find_cycle(waits_for, numbers[job.key])
        if cycle:
            path = " → ".join(jobs[number].key for number in cycle)
            return [f"{job.where}: depends_on: these jobs would wait for each other: {path}"]
    return []


def make(database: str, jobs: Sequence[Wanted], choices: Choices) -> list[Step]:
    """What there is to do, job by job; changes nothing."""
    known = {job.code_key: job for job in Job.objects.using(database).exclude(code_key=None)}
    dependees = _dependees(database)
    steps = []
    for one in sorted(jobs, key=lambda job: job.key):
        job = known.get(one.key)
        if job is None:
            steps.append(_new(database, one))
        else:
            steps.append(_update(job, one, dependees.get(job.pk, {}), choices))
    keys = {one.key for one in jobs}
    gone = [job for key, job in sorted(known.items()) if key not in keys]
    return [*steps, *(_gone(job, choices) for job in gone)]


def _dependees(database: str) -> dict[int, dict[str, int]]:
    """For each job the declared ones that it waits for: the id of each key's."""
    rows = JobDependency.objects.using(database).exclude(dependee__code_key=None)
    found: dict[int, dict[str, int]] = {}
    for dependent, key, pk in rows.values_list("dependent", "dependee__code_key", "dependee"):
        found.setdefault(dependent, {})[str(key)] = pk
    return found


def _new(database: str, one: Wanted) -> Step:
    """A job that has no row, or one that people have made and that now is declared."""
    name = one.owned.get("name") or one.initial.get("name")
    same = {
        "name": name,
        "command": one.owned.get("command", ""),
        "code_key": None,
    }
    found = list(Job.objects.using(database).filter(**same)[:2])
    known = found[0] if len(found) == 1 else None
    if known is not None and (known.raw_command or "") != (one.owned.get("raw_command") or ""):
        known = None
    changes = _differences(known, one.owned, {})
    kind = Kind.CREATE if known is None else Kind.TAKE_OVER
    return Step(
        kind=kind,
        key=one.key,
        name=str(name),
        job_id=known and known.pk,
        changes=tuple(changes),
        initial=one.initial if known is None else {},
        declared=one.owned,
    )


def _update(job: Job, one: Wanted, dependees: Mapping[str, int], choices: Choices) -> Step:
    before = job.declared
    changes: list[Difference] = []
    kept: list[Difference] = []
    for each in _differences(job, one.owned, before, dependees):
        is_edited = is_edited_here(job, each.field, each.here)
        if each.field == NEXT_RUN and before.get(NEXT_RUN) == each.code:
            continue  # it has come
        (kept if is_edited and not choices.reset else changes).append(each)
    if job.code_retired_at is not None and "enabled" not in one.owned and not job.enabled:
        changes.append(Difference(field="enabled", here=False, code=True))
    returned = tuple(sorted(set(before) - set(one.owned)))
    is_news = bool(changes or returned or before != one.owned or job.code_retired_at)
    return Step(
        kind=Kind.UPDATE if is_news else Kind.LEAVE,
        key=one.key,
        name=job.name,
        job_id=job.pk,
        changes=tuple(changes),
        kept=tuple(kept),
        returned=returned,
        declared=one.owned,
    )


def is_edited_here(job: Job, name: str, here: Any) -> bool:
    """Whether a declared field has another value than it was declared with at the last time.

    What the retirement of the job has changed was not edited by anybody, nor is a next run that
    has come.
    """
    before = job.declared
    if (
        name not in before
        or name == NEXT_RUN
        or (name == "enabled" and job.code_retired_at is not None)
    ):
        return False
    return not _same(here, before[name])


def _differences(
    job: Job | None,
    owned: Mapping[str, Any],
    before: Mapping[str, Any],
    dependees: Mapping[str, int] | None = None,
) -> Iterator[Difference]:
    for name, code in owned.items():
        here = None if job is None else value_here(job, name, owned, before, dependees or {})
        if job is None or not _same(here, code):
            yield Difference(field=name, here=here, code=code)


def value_here(
    job: Job,
    name: str,
    owned: Mapping[str, Any],
    before: Mapping[str, Any],
    dependees: Mapping[str, int],
) -> Any:
    """A declared field's value in the table; of dependencies those that code has to do with."""
    if name != DEPENDS_ON:
        return plain(getattr(job, name))
    ours = {*owned.get(DEPENDS_ON, ()), *before.get(DEPENDS_ON, ())}
    return sorted(ours & set(dependees))


def _same(here: Any, code: Any) -> bool:
    # 1.x stores no text as NULL in some columns, and as '' in others.
    return bool(here == code or (here in (None, "") and code in (None, "")))


def _gone(job: Job, choices: Choices) -> Step:
    """A job whose declaration is no more. One that was enabled again since is left alone."""
    is_retired = job.code_retired_at is not None or not job.enabled
    kind, logs = Kind.GONE, 0
    if choices.prune and choices.delete:
        kind, logs = Kind.DELETE, job.logs.count()
    elif choices.prune and not is_retired:
        kind = Kind.RETIRE
    elif is_retired:
        kind = Kind.LEAVE
    return Step(kind=kind, key=str(job.code_key), name=job.name, job_id=job.pk, logs=logs)
