"""The runs around a run: attempts at the same date, neighbours, and how it went before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chroniker.constants import Status
from chroniker.models import Log

ATTEMPTS = 50
"""How many attempts are shown: the newest."""

LOOKED_AT = 1000
"""How many runs before this one are counted."""

_SHORT = ("pk", "job", "status", "success", "on_time", "attempt", "run_start_datetime")


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How many runs before this one, since the last good one, had the same error.

    ``first`` is the first of them, and ``since`` its start.
    """

    count: int
    first: int
    since: datetime

    @property
    def is_at_least(self) -> bool:
        """Whether there may be more of them."""
        return self.count == LOOKED_AT


def attempts(log: Log) -> Sequence[Log]:
    """The runs of the same date (on the same host, where each runs it), the first attempt first.

    Nothing for a date with one attempt only.
    """
    if log.scheduled_for is None or log.status == Status.SKIPPED:
        return ()
    same = _of_job(log).filter(slot=log.slot, scheduled_for=log.scheduled_for)
    found = list(same.order_by("-attempt").only(*_SHORT)[:ATTEMPTS])
    return found[::-1] if len(found) > 1 else ()


def earlier(log: Log) -> int | None:
    """The run of the job that started before this one."""
    before = _of_job(log).filter(run_start_datetime__lt=log.run_start_datetime)
    return _first(before.order_by("-run_start_datetime"))


def later(log: Log) -> int | None:
    """The run of the job that started after this one."""
    after = _of_job(log).filter(run_start_datetime__gt=log.run_start_datetime)
    return _first(after.order_by("run_start_datetime"))


def last_good(log: Log) -> Log | None:
    """The last run of the job before this one that succeeded."""
    # With the column that says what went wrong, for the index that it is part of.
    good: Log | None = _before(log).filter(success=True, fingerprint=None).only(*_SHORT).first()
    return good


def likeness(log: Log) -> Likeness | None:
    """How often the job failed of the same before; None if the error was new, or is none.

    Of a job that every host runs for itself, only what happened on the same host counts.
    """
    if not log.fingerprint:
        return None
    same = _before(log).filter(fingerprint=log.fingerprint)
    good = last_good(log)
    if good is not None:
        same = same.filter(run_start_datetime__gt=good.run_start_datetime)
    found = same.values_list("pk", "run_start_datetime")[:LOOKED_AT]
    if not found:
        return None
    first, since = found[len(found) - 1]
    return Likeness(count=len(found), first=first, since=since)


def _before(log: Log) -> Any:
    """The runs of the job before this one that were carried out, the newest first."""
    before = Log.objects.carried_out().filter(
        job=log.job_id, slot=log.slot, run_start_datetime__lt=log.run_start_datetime
    )
    return before.order_by("-run_start_datetime")


def _of_job(log: Log) -> Any:
    return Log.objects.filter(job=log.job_id)


def _first(logs: Any) -> int | None:
    found: int | None = logs.values_list("pk", flat=True).first()
    return found
