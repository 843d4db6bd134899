"""A document as plain mappings, lists, texts and numbers: what JSON and YAML have in common.

Everything that was read is looked at, and each fault named with the path that leads to it, before
anybody acts on any of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from chroniker.exceptions import CannotImport
from chroniker.interchange import carried
from chroniker.interchange.document import CRITERIA, Document, Entry, Key, Link, key_names

VERSION = 1
"""Of this form; a later one is not read by guesswork."""

MOST_JOBS = 10_000
MOST_FAULTS = 50
"""So many faults are named; who wrote more of them begins with these."""

_DEPENDENCIES, _SUBSCRIBERS, _JOB = "dependencies", "subscribers", "job"

Plain = dict[str, Any]


def to_plain(document: Document) -> Plain:
    """What a file holds of these jobs."""
    return {"chroniker": VERSION, "jobs": [entry_to_plain(entry) for entry in document.jobs]}


def entry_to_plain(entry: Entry) -> Plain:
    """One job."""
    found: Plain = {name: carried.to_plain(value) for name, value in entry.fields.items()}
    if entry.dependencies is not None:
        found[_DEPENDENCIES] = links_to_plain(entry.dependencies)
    if entry.subscribers is not None:
        found[_SUBSCRIBERS] = [*entry.subscribers]
    return found


def links_to_plain(links: Iterable[Link]) -> list[Plain]:
    """The dependencies of a job."""
    return [{_JOB: _key_to_plain(link.job), **link.criteria} for link in links]


def _key_to_plain(key: Key) -> Any:
    values = [carried.to_plain(value) for value in key]
    return values[0] if len(values) == 1 else dict(zip(key_names(), values, strict=True))


def from_plain(data: Any) -> Document:
    """The document that a file holds. Raises CannotImport, which names every fault."""
    reader = _Reader()
    entries = tuple(reader.document(data))
    if reader.faults:
        raise CannotImport(reader.faults[:MOST_FAULTS])
    return Document(jobs=entries)


def entry_from_plain(data: Any, where: str) -> Entry:
    """The one job that is said here. Raises CannotImport, which names every fault."""
    reader = _Reader()
    entry = reader.entry(data, where)
    if reader.faults or entry is None:
        raise CannotImport(reader.faults[:MOST_FAULTS])
    return entry


class _Reader:
    """Reads as much as it can, and collects what is wrong."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.fields = carried.fields()

    def document(self, data: Any) -> Iterator[Entry]:
        if not isinstance(data, dict):
            self._note("", "this is no file of jobs. It has to begin with 'chroniker: 1'.")
            return
        if type(data.get("chroniker")) is not int or data["chroniker"] != VERSION:
            self._note("chroniker", f"this has to be {VERSION}, the version of this form.")
            return
        for name in data.keys() - {"chroniker", "jobs"}:
            self._note(str(name), "unknown. A file has only 'chroniker' and 'jobs'.")
        jobs = data.get("jobs")
        if not isinstance(jobs, list):
            self._note("jobs", "this has to be a list.")
            return
        if len(jobs) > MOST_JOBS:
            self._note("jobs", f"{len(jobs):,} are too many; write at most {MOST_JOBS:,}.")
            return
        for number, job in enumerate(jobs):
            entry = self.entry(job, f"jobs[{number}]")
            if entry is not None:
                yield entry

    def entry(self, data: Any, where: str) -> Entry | None:
        if not isinstance(data, dict):
            self._note(where, "this has to be a mapping of a job's fields.")
            return None
        where = _named(where, data)
        found: Plain = {}
        for name, value in data.items():
            if name in (_DEPENDENCIES, _SUBSCRIBERS):
                continue
            if name not in self.fields:
                self._note(f"{where}.{name}", f"unknown.{_hint(name, self.fields)}")
            else:
                self._read_field(found, name, value, where)
        for name in key_names():
            if name not in data:
                self._note(where, f"it has no {name}. Write one.")
        return Entry(
            fields=found,
            dependencies=self._list_of(data, _DEPENDENCIES, where, self._link),
            subscribers=self._list_of(data, _SUBSCRIBERS, where, self._username),
            where=where,
        )

    def _read_field(self, found: Plain, name: str, value: Any, where: str) -> None:
        try:
            found[name] = carried.from_plain(self.fields[name], value)
        except ValueError as error:
            self._note(f"{where}.{name}", str(error))

    def _list_of(self, data: Plain, name: str, where: str, read: Any) -> Any:
        """What was read of each, or None if the list was left out."""
        where = f"{where}.{name}"
        if name not in data:
            return None
        if not isinstance(data[name], list):
            self._note(where, "this has to be a list.")
            return None
        read_all = [read(each, f"{where}[{number}]") for number, each in enumerate(data[name])]
        return tuple(each for each in read_all if each is not None)

    def _username(self, data: Any, where: str) -> str | None:
        if isinstance(data, str) and "\0" not in data:
            return data
        self._note(where, "this has to be the name of a user.")
        return None

    def _link(self, data: Any, where: str) -> Link | None:
        if not isinstance(data, dict) or _JOB not in data:
            self._note(where, "this has to be a mapping with 'job', the job waited for.")
            return None
        criteria = {name: value for name, value in data.items() if name != _JOB}
        for name, value in criteria.items():
            if name not in CRITERIA:
                self._note(f"{where}.{name}", f"unknown.{_hint(name, CRITERIA)}")
                return None
            if not isinstance(value, bool):
                self._note(f"{where}.{name}", "this has to be true or false.")
                return None
        key = self._key(data[_JOB], f"{where}.{_JOB}")
        return None if key is None else Link(job=key, criteria=criteria)

    def _key(self, data: Any, where: str) -> Key | None:
        names = key_names()
        values = data if isinstance(data, dict) else {names[0]: data}
        if set(values) != set(names):
            wanted = " and ".join(names)
            self._note(where, f"this has to say {wanted} of the job waited for.")
            return None
        try:
            return tuple(carried.from_plain(self.fields[name], values[name]) for name in names)
        except ValueError as error:
            self._note(where, str(error))
            return None

    def _note(self, where: str, message: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(f"{where}: {message}" if where else message)


def _named(where: str, data: Mapping[Any, Any]) -> str:
    name = data.get("name")
    return f"{where} ({name[:60]})" if isinstance(name, str) and name.isprintable() else where


def _hint(name: Any, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    near = get_close_matches(str(name)[:60], known, 1)
    return f" Did you mean {near[0]}?" if near else ""
