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

LOOKED_AT = 100
"""How many runs before this one are compared with it."""

_END = ("status", "success", "on_time", "reason", "exit_code")
_SHORT = ("pk", "job", "status", "success", "on_time", "attempt", "run_start_datetime")


@dataclass(frozen=True)
class Likeness:
    """How many runs in a row before this one ended in the same way, and when the first did."""

    count: int
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
    good: Log | None = _before(log).filter(success=True).only(*_SHORT).first()
    return good


def likeness(log: Log) -> Likeness | None:
    """How often the job ended like this just before; None if this was new, or is no failure."""
    if log.state in (Status.RUNNING, Status.SUCCEEDED, Status.SKIPPED):
        return None
    own = [getattr(log, name) for name in _END]
    count, since = 0, None
    for start, *end in _before(log).values_list("run_start_datetime", *_END)[:LOOKED_AT]:
        if end != own:
            break
        count, since = count + 1, start
    return None if since is None else Likeness(count, since)


def _before(log: Log) -> Any:
    """The runs of the job before this one that were carried out, the newest first."""
    before = Log.objects.carried_out().filter(
        job=log.job_id, run_start_datetime__lt=log.run_start_datetime
    )
    return before.order_by("-run_start_datetime")


def _of_job(log: Log) -> Any:
    return Log.objects.filter(job=log.job_id)


def _first(logs: Any) -> int | None:
    found: int | None = logs.values_list("pk", flat=True).first()
    return found
