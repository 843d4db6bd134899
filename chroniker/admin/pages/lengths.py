"""How long the runs of jobs usually take, learned from their last good ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta
from statistics import median

from django.db.models import OuterRef, Q, Subquery

from chroniker.models import Job, Log

RUNS = 20
"""Of so many of the newest runs of a job the good ones count."""


def usual(ids: Collection[int]) -> dict[int, timedelta]:
    """The median length of each job's last good runs, without those that have none; two queries."""
    if not ids:
        return {}
    newest = Log.objects.filter(job=OuterRef("pk")).order_by("-run_start_datetime")
    oldest = Subquery(newest.values("run_start_datetime")[RUNS - 1 : RUNS])
    bounds = Job.objects.filter(pk__in=ids).values_list("pk", oldest)
    recent = Q(pk__in=())
    everything = []
    for pk, begin in bounds:
        if begin is None:
            everything.append(pk)
        else:
            recent |= Q(job=pk, run_start_datetime__gte=begin)
    recent |= Q(job__in=everything)
    lengths: dict[int, list[float]] = defaultdict(list)
    fields = ("job_id", "status", "success", "duration_ms", "duration_seconds")
    for row in Log.objects.carried_out().filter(recent, success=True).order_by().only(*fields):
        if row.duration is not None:
            lengths[row.job_id].append(row.duration.total_seconds())
    return {pk: timedelta(seconds=median(found)) for pk, found in lengths.items()}
