"""Orders to run past dates: each counts its own runs, and looks at its own job's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chroniker.constants import Status
from chroniker.models import Backfill, Job, Log
from chroniker.models.backfill import advance
from chroniker.models.backfill_orders import dates
from chroniker.moments import to_instant, to_stored
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("runs are only rows"),
]


def ordered(job: Job) -> Backfill:
    """An order for the date that is due."""
    assert job.next_run is not None
    order: Backfill = Backfill.objects.create(job=job, since=job.next_run, until=job.next_run)
    return order


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
def test_the_end_of_a_run_is_that_of_its_own_order(status: Status) -> None:
    mine, other = ordered(due_job(name="mine")), ordered(due_job(name="other"))

    advance("default", mine.pk, datetime(2030, 1, 1, tzinfo=UTC), status, datetime.now(UTC))

    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.done == 1, mine.ended_at is not None) == (
        status == Status.SUCCEEDED,
        status == Status.FAILED,
    )
    assert (other.done, other.ended_at) == (0, None)


def test_a_date_that_another_job_has_run_is_missing_still() -> None:
    mine, other = due_job(name="mine"), due_job(name="other")
    order, date = ordered(mine), to_instant(mine.next_run)
    run = {"scheduled_for": to_stored(date), "attempt": 1, "success": True}
    begun = {"run_start_datetime": to_stored(date), "run_end_datetime": to_stored(date)}

    Log.objects.create(job=other, **run, **begun)
    assert list(dates(order)) == [date]

    Log.objects.create(job=mine, **run, **begun)
    assert list(dates(order)) == []
