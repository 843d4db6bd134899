"""Carrying out orders to run past dates of a job: the next date of each, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chroniker.dispatch.gates import Situation, gates_of, shut
from chroniker.dispatch.line import Selection, orders
from chroniker.models import Backfill, Job
from chroniker.models.backfill_orders import next_date
from chroniker.moments import to_stored


@dataclass(frozen=True)
class Wanted:
    """A job to start: by itself, or for a date that an order names."""

    job: Job
    date: datetime | None = None
    backfill_id: int | None = None


def next_dates(now: Situation, selection: Selection) -> Iterator[Wanted]:
    """The next date of each order; orders that have no further date end."""
    for order in orders(now.database, selection):
        if shut(gates_of(order.job, now, by_hand=True)):
            continue
        date = next_date(order)
        if date is None:
            done = Backfill.objects.using(now.database).unfinished().filter(pk=order.pk)
            done.update(ended_at=to_stored(now.now), reason="")
        else:
            yield Wanted(order.job, date, order.pk)
