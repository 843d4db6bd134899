"""Finding out what an import would change, and what is wrong with it; nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from chroniker import constants, dependency_graph
from chroniker.interchange import carried, plain
from chroniker.interchange.difference import Difference, FieldChange, JobChange, Kind
from chroniker.interchange.document import CRITERIA, Document, Entry, Key, LeftOut, Link, in_words
from chroniker.interchange.stored import entry_of, key_of
from chroniker.models import Job, JobDependency
from chroniker.models.schedulable import SCHEDULE_FIELDS


def compare(document: Document, using: str, *, prune: bool = False) -> Difference:
    """What importing these jobs into this database would change.

    ``prune``: jobs that the document does not have are disabled; they keep their history.
    """
    return _Comparison(document, using).result(prune=prune)


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """A job as it would be, and as it is."""

    entry: Entry
    job: Job
    before: Entry | None
    restores: bool


class _Comparison:
    def __init__(self, document: Document, using: str) -> None:
        self.document = document
        self.faults: list[str] = []
        self.left_out = [*document.left_out]
        self.stored: dict[Key, list[Job]] = {}
        jobs = Job.objects.using(using).order_by("name", "pk")
        for job in jobs.prefetch_related("dependencies__dependee", "subscribers"):
            self.stored.setdefault(key_of(job), []).append(job)
        self.usernames = _known_usernames(document, using)

    def result(self, *, prune: bool) -> Difference:
        prepared = [each for entry in self._distinct() for each in self._prepare(entry)]
        known = {each.entry.key for each in prepared} | set(self.stored)
        changes = [_change(self._with_known_links(each, known)) for each in prepared]
        if prune:
            changes += self._retired({entry.key for entry in self.document.jobs})
        self._refuse_cycles(changes)
        return Difference(
            changes=tuple(changes),
            faults=tuple(self.faults[: plain.MOST_FAULTS]),
            left_out=tuple(self.left_out),
        )

    def _distinct(self) -> list[Entry]:
        """The jobs that can be told apart, here and in the database."""
        found: dict[Key, Entry] = {}
        for entry in self.document.jobs:
            name = in_words(entry.key)
            if entry.key in found:
                first = found[entry.key].where
                self.faults.append(
                    f"{entry.where}: {name!r} stands here twice, first at {first}. Rename one."
                )
            elif len(self.stored.get(entry.key, ())) > 1:
                self.faults.append(
                    f"{entry.where}: several jobs in the database are called {name!r}. Rename "
                    "them, or let CHRONIKER_JOB_NK name fields that tell them apart."
                )
            else:
                found[entry.key] = entry
        return list(found.values())

    def _prepare(self, entry: Entry) -> Iterator[_Prepared]:
        """The job with its new values, unless these are refused."""
        stored = self.stored.get(entry.key)
        job = stored[0] if stored else Job()
        before = entry_of(job) if stored else None
        values = dict(entry.fields)
        restores = _restores(values, before)
        if before is not None and not restores and not _is_once(values, before):
            values = {name: values[name] for name in values if name not in carried.TIMING_FIELDS}
        for name, value in values.items():
            if before is None or before.fields[name] != value:
                carried.give(job, name, value)
        try:
            (job.validate_restored if restores else job.validate_changed)()
        except ValidationError as error:
            self._refuse(entry, error)
        else:
            entry = self._with_known_subscribers(replace(entry, fields=values))
            yield _Prepared(entry=entry, job=job, before=before, restores=restores)

    def _refuse(self, entry: Entry, error: ValidationError) -> None:
        for name, messages in error.message_dict.items():
            where = "" if name == NON_FIELD_ERRORS else name
            text = " ".join(messages)
            if self.document.lenient:
                what = f"{entry.where} ({entry.name})" if entry.where else entry.name
                why = f"{where}: {text}" if where else text
                self.left_out.append(LeftOut(what=what, why=why))
            else:
                place = ".".join(part for part in (entry.where, where) if part)
                self.faults.append(f"{place}: {text}")

    def _with_known_subscribers(self, entry: Entry) -> Entry:
        unknown = [name for name in entry.subscribers or () if name not in self.usernames]
        if not unknown:
            return entry
        self.left_out.append(
            LeftOut(
                what=f"subscribers of {entry.name}",
                why=f"there is no such user here: {', '.join(unknown)}",
            )
        )
        kept = [name for name in entry.subscribers or () if name not in unknown]
        return replace(entry, subscribers=tuple(kept))

    def _with_known_links(self, prepared: _Prepared, known: set[Key]) -> _Prepared:
        entry = prepared.entry
        kept = []
        for link in entry.dependencies or ():
            name = in_words(link.job)
            if link.job in known and len(self.stored.get(link.job, ())) <= 1:
                kept.append(link)
            elif self.document.lenient:
                why = f"it waits for {name!r}, which was not carried over"
                self.left_out.append(LeftOut(what=f"a dependency of {entry.name}", why=why))
            else:
                self.faults.append(
                    f"{entry.where}.dependencies: there is no job called {name!r}, or there are "
                    "several."
                )
        if entry.dependencies is None:
            return prepared
        return replace(prepared, entry=replace(entry, dependencies=tuple(kept)))

    def _retired(self, wanted: set[Key]) -> Iterator[JobChange]:
        for key, jobs in self.stored.items():
            for job in jobs:
                if key not in wanted and job.enabled:
                    job.enabled = False
                    yield JobChange(
                        kind=Kind.RETIRED,
                        key=key,
                        job=job,
                        entry=Entry(fields={"enabled": False}),
                        fields=(FieldChange(name="enabled", old=True, new=False),),
                    )

    def _refuse_cycles(self, changes: Iterable[JobChange]) -> None:
        waits_for = {
            key: [key_of(link.dependee) for job in jobs for link in job.dependencies.all()]
            for key, jobs in self.stored.items()
        }
        for change in changes:
            waits_for.setdefault(change.key, [])
            if change.entry.dependencies is not None:
                waits_for[change.key] = [link.job for link in change.entry.dependencies]
        keys = list(waits_for)
        ids = {key: number for number, key in enumerate(keys)}
        graph = {
            ids[key]: [ids[other] for other in others if other in ids]
            for key, others in waits_for.items()
        }
        for cycle in dependency_graph.order(graph, graph).cycles:
            path = " → ".join(in_words(keys[number]) for number in cycle)
            self.faults.append(f"These jobs would wait for each other: {path}")


def _is_once(values: Mapping[str, Any], before: Entry) -> bool:
    """Whether the next run is the whole schedule."""
    return bool(values.get("frequency", before.fields["frequency"]) == constants.ONCE)


def _restores(values: Mapping[str, Any], before: Entry | None) -> bool:
    """Whether the moments of a job's schedule are taken from the file just as they are.

    A job that is here already keeps its own or, with another schedule, gets new ones; unless that
    has named its last one.
    """
    if not {*carried.TIMING_FIELDS} <= set(values):
        return False
    if before is None:
        return True
    changed = any(
        name in values and values[name] != before.fields[name]
        for name in SCHEDULE_FIELDS | {"next_run", "enabled"}
    )
    return changed and values["next_run"] is None and values["anchor"] is not None


def _known_usernames(document: Document, using: str) -> set[str]:
    names = {name for entry in document.jobs for name in entry.subscribers or ()}
    if not names:
        return set()
    users = get_user_model()
    column = users.USERNAME_FIELD
    found = users._default_manager.using(using).filter(**{f"{column}__in": names})
    return set(found.values_list(column, flat=True))


def _change(prepared: _Prepared) -> JobChange:
    fields = tuple(_field_changes(prepared))
    there = Kind.CHANGED if fields else Kind.UNCHANGED
    return JobChange(
        kind=Kind.NEW if prepared.before is None else there,
        key=prepared.entry.key,
        job=prepared.job,
        entry=prepared.entry,
        fields=fields,
        restores=prepared.restores,
    )


def _field_changes(prepared: _Prepared) -> Iterator[FieldChange]:
    entry, before = prepared.entry, prepared.before
    for name, field in carried.fields().items():
        if name not in entry.fields:
            continue
        new = carried.stored_value(prepared.job, field)
        old = field.get_default() if before is None else before.fields[name]
        if new != old:
            old = None if before is None else carried.to_plain(old)
            yield FieldChange(name=name, old=old, new=carried.to_plain(new))
    linked = _links(entry.dependencies), _links(before.dependencies if before else ())
    if entry.dependencies is not None and linked[0] != linked[1]:
        yield FieldChange(name="dependencies", old=linked[1], new=linked[0])
    if entry.subscribers is not None:
        old, new = (sorted(each.subscribers or ()) if each else [] for each in (before, entry))
        if old != new:
            yield FieldChange(name="subscribers", old=old, new=new)


def _links(links: Iterable[Link] | None) -> list[Any]:
    """Dependencies in one order, each with all its criteria, as in a file."""
    full = [replace(link, criteria=full_criteria(link)) for link in links or ()]
    full.sort(key=lambda link: str(link.job))
    return plain.links_to_plain(full)


def full_criteria(link: Link) -> dict[str, bool]:
    """What a dependency asks, with the defaults for what is not said."""
    new = JobDependency()
    return {**{name: getattr(new, name) for name in CRITERIA}, **link.criteria}
