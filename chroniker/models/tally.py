"""How many runs ended how, and how long they took: counts that only grow."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from chroniker.constants import Status
from chroniker.models.job import Job

BOUNDS = {
    "within_1s": 1,
    "within_10s": 10,
    "within_1m": 60,
    "within_5m": 300,
    "within_15m": 900,
    "within_1h": 3600,
    "within_6h": 21600,
}
"""The columns of the histogram, with the seconds up to which a run counts there. Of the columns
only the smallest that fits counts a run; longer ones are in none."""


class Tally(models.Model):
    """Of one job, the runs that ended with one status.

    Logs are trimmed; these counts stay, so that they never go down while the job exists.
    """

    job = models.ForeignKey(Job, related_name="+", on_delete=models.CASCADE, db_constraint=False)
    status = models.CharField(max_length=12, choices=Status)
    runs = models.BigIntegerField(default=0)
    duration_ms = models.BigIntegerField(default=0)
    within_1s = models.BigIntegerField(default=0)
    within_10s = models.BigIntegerField(default=0)
    within_1m = models.BigIntegerField(default=0)
    within_5m = models.BigIntegerField(default=0)
    within_15m = models.BigIntegerField(default=0)
    within_1h = models.BigIntegerField(default=0)
    within_6h = models.BigIntegerField(default=0)
    timed = models.BigIntegerField(default=0)
    lateness_ms = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = (
            models.UniqueConstraint(fields=("job", "status"), name="chroniker_tally_one"),
        )

    def __str__(self) -> str:
        return f"{self.job_id} {self.status}: {self.runs}"


def count(
    database: str,
    job_id: int,
    status: str,
    *,
    runs: int = 1,
    seconds: float | None = None,
    lateness_ms: int | None = None,
) -> None:
    """Add runs that ended with this status. To be called in the transaction that records them.

    ``seconds`` is how long a run took, None for what was not run.
    """
    more: dict[str, int] = {"runs": runs}
    if seconds is not None:
        more["duration_ms"] = round(seconds * 1000)
        for name, bound in BOUNDS.items():
            if seconds <= bound:
                more[name] = 1
                break
    if lateness_ms is not None:
        more |= {"timed": 1, "lateness_ms": max(0, lateness_ms)}
    rows = Tally.objects.using(database).filter(job=job_id, status=status)
    added: dict[str, Any] = {name: F(name) + value for name, value in more.items()}
    if rows.update(**added):
        return
    try:
        # In a savepoint: another host may have made the row meanwhile.
        with transaction.atomic(using=database):
            Tally.objects.using(database).create(job_id=job_id, status=status, **more)
    except IntegrityError:
        rows.update(**added)
