"""How often in a row jobs have failed, and with what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, Max, Q
from django.db.models.functions import Right

from chroniker.models import Log

_TAIL = 2_000
"""Characters of a run's stderr that are read for its last line."""

LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The failures of a job since its last success, and the newest of them.

    ``kind`` is the exception's type, else how the run ended; ``value`` what it said.
    """

    times: int
    log_id: int
    kind: str
    value: str


def of_jobs(database: str, ids: Collection[int]) -> dict[int, Failure]:
    """The failures of these jobs; two queries, none without jobs."""
    if not ids:
        return {}
    runs = Log.objects.using(database).carried_out().filter(job__in=ids, success=False)
    since = Q(job__last_success=None) | Q(run_end_datetime__gt=F("job__last_success"))
    counted = {
        newest: (job, times)
        for job, times, newest in runs.filter(since)
        .order_by()
        .values_list("job")
        .annotate(times=Count("pk"), newest=Max("pk"))
    }
    rows = Log.objects.using(database).filter(pk__in=counted)
    tails = rows.annotate(tail=Right("stderr", _TAIL)).order_by()
    found = {}
    for pk, status, reason, tail in tails.values_list("pk", "status", "reason", "tail"):
        job, times = counted[pk]
        kind, value = _said(status or "failed", reason or "", tail or "")
        found[job] = Failure(times=times, log_id=pk, kind=kind, value=value)
    return found


def _said(status: str, reason: str, stderr: str) -> tuple[str, str]:
    """The type and the value of an exception if there was one, else how it ended and why."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    if lines:
        kind, colon, value = lines[-1].partition(":")
        if colon and kind.replace(".", "").isidentifier():
            return kind[:LONGEST], value.strip()[:LONGEST]
    return status, (reason or (lines[-1] if lines else ""))[:LONGEST]
