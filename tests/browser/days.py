"""Jobs that have lived, for pictures and for tests of whole pages."""

from __future__ import annotations

from datetime import timedelta

from chroniker.constants import Status
from chroniker.models import Job
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import rows


def lived_in(name: str, lengths: list[int], failed: int = 0, **values: object) -> Job:
    """A job with runs of these lengths in seconds, of which the last so many failed."""
    job = rows.job(name, **values)
    start = database_now("default") - timedelta(days=2)
    for number, seconds in enumerate(lengths):
        begun = start + timedelta(hours=number)
        bad = number >= len(lengths) - failed
        rows.log(
            job,
            status=Status.FAILED if bad else Status.SUCCEEDED,
            run_start_datetime=to_stored(begun),
            run_end_datetime=to_stored(begun + timedelta(seconds=seconds)),
        )
    Job.objects.filter(pk=job.pk).update(last_run=to_stored(begun), last_run_successful=not failed)
    return rows.fresh(job)


def a_busy_day() -> None:
    """Jobs in many states."""
    imported = lived_in(
        "nightly-import",
        [300, 280, 310, 290, 305, 330, 20, 15, 18],
        failed=3,
        group="warehouse",
        timezone="Europe/Berlin",
    )
    lived_in("mail-digest", [4, 5, 4, 6, 5, 4], frequency="CRON", cron_expression="0 12 * * 1-5")
    reindex = lived_in("reindex", [900, 950, 1000, 980], group="search", hostname="web2")
    rows.claimed(reindex)
    Job.objects.filter(pk=reindex.pk).update(total_parts=100, total_parts_complete=62)
    late = lived_in("thumbnails", [60, 62])
    since = database_now("default") - timedelta(minutes=12)
    Job.objects.filter(pk=late.pk).update(next_run=to_stored(since))
    waits = rows.job("billing", group="warehouse")
    waits.dependencies.create(dependee=imported)
    Job.objects.filter(pk=waits.pk).update(next_run=to_stored(since))
    rows.job("old-report", enabled=False)
