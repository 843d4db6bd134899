"""How long logs are kept."""

from __future__ import annotations

from django.db import router, transaction

from chroniker.models.log import Log, LogQuerySet

BATCH = 5_000


def delete_in_batches(logs: LogQuerySet, batch: int = BATCH) -> int:
    """Delete these logs, ``batch`` rows a transaction; returns how many went."""
    alias = router.db_for_write(Log)
    deleted = 0
    while True:
        # By keys, for a DELETE with a LIMIT inside walks over the dead rows of the batches before.
        keys = list(logs.using(alias).order_by("pk").values_list("pk", flat=True)[:batch])
        if not keys:
            return deleted
        with transaction.atomic(using=alias):
            gone, _ = logs.using(alias).filter(pk__gte=keys[0], pk__lte=keys[-1]).delete()
        deleted += gone


def keep_newest(job_id: int, maximum: int, using: str) -> int:
    """Keep exactly the newest ``maximum`` ended logs of a job (0: keep all)."""
    if maximum <= 0:
        return 0
    logs = Log.objects.using(using).filter(job_id=job_id).ended()
    surplus = list(
        logs.order_by("-run_start_datetime", "-pk").values_list("pk", flat=True)[
            maximum : maximum + BATCH
        ]
    )
    if not surplus:
        return 0
    gone, _ = logs.filter(pk__in=surplus).delete()
    return gone
