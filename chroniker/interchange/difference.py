"""What an import would do, as values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import Any

from chroniker import environment
from chroniker.interchange.document import Entry, Key, LeftOut, in_words
from chroniker.models import Job


class Kind(Enum):
    """What becomes of a job."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RETIRED = "retired"


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """A field with its value now (None for a new job) and after the import, as in a file."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, kw_only=True)
class JobChange:
    """What becomes of one job. ``job`` has the new values, and is not saved.

    ``restores``: the moments of its schedule are taken over just as they are.
    """

    kind: Kind
    key: Key
    job: Job
    entry: Entry
    fields: tuple[FieldChange, ...] = ()
    restores: bool = False

    @property
    def title(self) -> str:
        """What it is called."""
        return in_words(self.key)

    @property
    def decides_code(self) -> bool:
        """Whether it takes the permission to edit raw commands to make this change by hand."""
        if self.kind is Kind.UNCHANGED:
            return False
        by_name = {change.name: change for change in self.fields}
        raw = by_name.get("raw_command")
        if (self.job.raw_command or "").strip() or (raw is not None and (raw.old or "").strip()):
            return True
        lines = by_name.get("environment")
        return lines is not None and (
            environment.guarded_lines(lines.old or "") != environment.guarded_lines(lines.new or "")
        )


@dataclass(frozen=True, kw_only=True)
class Difference:
    """All that an import would do; it is done only if there are no ``faults``."""

    changes: tuple[JobChange, ...]
    faults: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    def of(self, *kinds: Kind) -> list[JobChange]:
        """The changes of these kinds."""
        return [change for change in self.changes if change.kind in kinds]

    @property
    def to_do(self) -> list[JobChange]:
        """The changes that change something."""
        return self.of(Kind.NEW, Kind.CHANGED, Kind.RETIRED)

    @property
    def fingerprint(self) -> str:
        """The same for two differences that do the same: what was shown is what is done."""
        told = [
            (
                change.kind.value,
                change.key,
                [(field.name, field.old, field.new) for field in change.fields],
            )
            for change in self.changes
        ]
        return hashlib.sha256(repr(told).encode("utf-8", "backslashreplace")).hexdigest()
