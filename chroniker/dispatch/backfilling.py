"""Carrying out orders to run past dates of a job: the next date of each, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from chroniker.dispatch.gates import Situation, gates_of, shut
from chroniker.dispatch.line import Selection, orders
from chroniker.models import Backfill, Job, Log
from chroniker.models.backfill import Which
from chroniker.moments import to_instant, to_stored

_JUST_BEFORE = timedelta(microseconds=1)
_SEARCHED_AT_ONCE = 200


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


def next_date(order: Backfill) -> datetime | None:
    """The next date of an order that is to be run; None if none is left."""
    return next(dates(order, after=to_instant(order.position)), None)


def dates(order: Backfill, after: datetime | None = None) -> Iterator[datetime]:
    """The dates of an order that are to be run, later than ``after``. Raises InvalidSchedule."""
    since, until = to_instant(order.since), to_instant(order.until)
    moment = since - _JUST_BEFORE if after is None else max(after, since - _JUST_BEFORE)
    schedule = order.job.schedule()
    while found := list(schedule.between(moment, until, _SEARCHED_AT_ONCE)):
        moment = found[-1]
        yield from _wanted(order, found)


def _wanted(order: Backfill, found: list[datetime]) -> Iterator[datetime]:
    if order.which == Which.ALL:
        yield from found
        return
    database = order._state.db or "default"
    ends = (to_stored(found[0]), to_stored(found[-1]))
    logs = Log.objects.using(database).filter(job=order.job_id, scheduled_for__range=ends)
    rows = logs.order_by("pk").values_list("scheduled_for", "success", "attempt")
    # The newest run decides; a row for what was not run (attempt 0) is none.
    known = {to_instant(date): success for date, success, attempt in rows if attempt}
    for date in found:
        if date not in known or (order.which == Which.FAILED and not known[date]):
            yield date
