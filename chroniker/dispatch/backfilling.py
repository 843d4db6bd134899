"""Carrying out orders to run past dates of a job: the next date of each, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chroniker.dispatch.gates import Situation, gates_of, shut
from chroniker.dispatch.line import Selection, orders
from chroniker.models import Backfill, Job
from chroniker.models.backfill_orders import next_date
from chroniker.moments import to_stored


def next_dates(now: Situation, selection: Selection) -> Iterator[tuple[Job, datetime]]:
    """Jobs with the date each is to run next by an order; orders that have no further date end."""
    for order in orders(now.database, selection):
        if shut(gates_of(order.job, now, by_hand=True)):
            continue
        date = next_date(order)
        if date is None:
            done = Backfill.objects.using(now.database).unfinished().filter(pk=order.pk)
            done.update(ended_at=to_stored(now.now), reason="")
        else:
            yield order.job, date
