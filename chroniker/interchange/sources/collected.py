"""The jobs of another scheduler as they are found, and what could not be carried over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chroniker.interchange.document import Document, Entry, LeftOut, Link
from chroniker.interchange.names import Names


class NotCarriedOver(ValueError):
    """Something there that no job here can do; the text says why."""


@dataclass
class Collected:
    """Jobs, each with a name of its own."""

    entries: list[Entry] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    names: Names = field(default_factory=Names)

    def add(
        self,
        fields: dict[str, Any],
        where: str,
        *,
        name: str,
        subscribers: Iterable[str] | None = None,
    ) -> str:
        """Add a job, and return the name that it got."""
        given = self.names.new(name)
        if given != name:
            self.leave_out(where, f"its name {name!r} was taken; it is called {given!r} here")
        entry = Entry(
            fields={"name": given, **fields},
            subscribers=None if subscribers is None else tuple(subscribers),
            where=where,
        )
        self.entries.append(entry)
        return given

    def link(self, links: Mapping[str, Iterable[Link]]) -> None:
        """Give the jobs of these names their dependencies; the others have none."""
        self.entries = [
            replace(entry, dependencies=tuple(links.get(entry.name, ()))) for entry in self.entries
        ]

    def leave_out(self, what: str, why: str) -> None:
        """Note what was not carried over, or not whole."""
        self.left_out.append(LeftOut(what=what, why=why))

    def document(self) -> Document:
        """All of it; what cannot be a job here is left out when that is found out."""
        return Document(jobs=tuple(self.entries), left_out=tuple(self.left_out), lenient=True)
