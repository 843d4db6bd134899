"""Jobs on their way from one place to another, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chroniker import settings
from chroniker.exceptions import CannotImport
from chroniker.interchange import carried

Key = tuple[Any, ...]
"""What a job is known by everywhere: its values of the fields in ``CHRONIKER_JOB_NK``."""

CRITERIA = (
    *("wait_for_completion", "wait_for_success", "wait_for_next_run"),
    "wait_for_fresh_success",
)
"""What a dependency may ask of the job that is waited for."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A job that is waited for, and what of it; what is not said is as in a new dependency."""

    job: Key
    criteria: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One job. What is None, or not among the fields, is left as it is by an import.

    Values are as :func:`chroniker.interchange.carried.stored_value` returns them. ``where`` says
    where it stands in what was read, for messages.
    """

    fields: Mapping[str, Any]
    dependencies: tuple[Link, ...] | None = None
    subscribers: tuple[str, ...] | None = None
    where: str = ""

    @property
    def key(self) -> Key:
        """What it is known by; a field that is not said has its default."""
        known = carried.fields()
        return tuple(
            self.fields[name] if name in self.fields else known[name].get_default()
            for name in key_names()
        )

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.fields.get("name", ""))


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Something that could not be carried over, or not whole, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Document:
    """Jobs, and what could not be said of them.

    ``lenient``: a job that cannot be a job here is left out with the reason, as is right for what
    was written for another system; otherwise it lets the whole import fail.
    """

    jobs: tuple[Entry, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    lenient: bool = False


def key_names() -> tuple[str, ...]:
    """The fields that a job is known by. Raises CannotImport if one of them is not carried."""
    names = tuple(settings.CHRONIKER_JOB_NK)
    for name in names:
        if name not in carried.fields():
            raise CannotImport(
                [f"CHRONIKER_JOB_NK names {name}, which means nothing elsewhere; name other fields"]
            )
    return names


def in_words(key: Key) -> str:
    """A key as people read it."""
    return ", ".join(str(value) for value in key)
