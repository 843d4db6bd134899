"""What goes wrong with a job since its last good run, and of which failures people are told.

Pure. A failure is told of if it is the first, or another than those told of already, or if the
last word of it was long enough ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

ERRORS = 20
"""So many different errors are remembered of a job: those that came last."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Of what people wish to hear: only after so many failures, and of the same error how often."""

    after: int = 1
    every: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True)
class Error:
    """A kind of failure: how often it came, when first, and when people were last told of it.

    The moments are aware instants.
    """

    count: int
    first: datetime
    told: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """All that went wrong since the last good run. ``told``: whether people know of any of it.

    ``errors`` are by fingerprint, the one that came last at the end.
    """

    failures: int = 0
    since: datetime | None = None
    told: bool = False
    errors: Mapping[str, Error] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it is stored, besides the number of failures."""
        return {
            "since": _written(self.since),
            "told": self.told,
            "errors": [
                [fingerprint, error.count, _written(error.first), _written(error.told)]
                for fingerprint, error in self.errors.items()
            ],
        }

    @classmethod
    def from_json(cls, failures: int, stored: dict[str, Any] | None) -> Trouble:
        """As it was stored; without trouble for nothing, and for what cannot be read."""
        if not (failures and stored):
            return cls()
        try:
            return cls(
                failures=failures,
                since=_read(stored["since"]),
                told=bool(stored["told"]),
                errors={
                    fingerprint: Error(
                        count=int(count), first=datetime.fromisoformat(first), told=_read(told)
                    )
                    for fingerprint, count, first, told in stored["errors"]
                },
            )
        except (KeyError, TypeError, ValueError):
            return cls()


@dataclass(frozen=True)
class Judged:
    """The trouble with one more failure in it, and why people are not told of that one."""

    trouble: Trouble
    why_not: str = ""

    @property
    def tells(self) -> bool:
        """Whether people are told."""
        return not self.why_not


def judged(
    before: Trouble, fingerprint: str, at: datetime, rule: Rule, silence: str = ""
) -> Judged:
    """Add a failure that came at ``at`` (aware); ``silence`` is why it is not to be told of.

    What was silenced counts as never told of: once the silence is over, people hear of it again.
    """
    known = before.errors.get(fingerprint) or Error(count=0, first=at)
    error = replace(known, count=known.count + 1)
    failures = before.failures + 1
    why_not = silence or _too_few(failures, rule) or _too_soon(known, at, rule)
    if not why_not:
        error = replace(error, told=at)
    elif silence:
        error = replace(error, told=None)
    others = {name: other for name, other in before.errors.items() if name != fingerprint}
    trouble = Trouble(
        failures=failures,
        since=before.since or at,
        told=before.told or not why_not,
        errors=dict([*others.items(), (fingerprint, error)][-ERRORS:]),
    )
    return Judged(trouble, why_not)


def _too_few(failures: int, rule: Rule) -> str:
    if failures >= rule.after:
        return ""
    return f"failure {failures} in a row; told of from {rule.after} on"


def _too_soon(known: Error, at: datetime, rule: Rule) -> str:
    """Why not again; a clock that was set back keeps nobody from hearing of it."""
    if known.told is None or not timedelta() <= at - known.told < rule.every:
        return ""
    return f"the same error as told of at {known.told:%Y-%m-%d %H:%M:%S %Z}"


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
