"""Carrying out orders to run past dates of a job: the next date of each, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from chroniker import constants
from chroniker.dispatch.gates import Situation, gates_of, shut
from chroniker.dispatch.line import Selection, orders
from chroniker.exceptions import CannotBackfill
from chroniker.models import Backfill, Job, Log
from chroniker.models.backfill import Which
from chroniker.moments import to_instant, to_stored

_JUST_BEFORE = timedelta(microseconds=1)
_SEARCHED_AT_ONCE = 200


MOST_DATES = 100_000
"""An order for more dates than these is probably a slip of the hand."""


def give_order(
    job: Job,
    since: datetime,
    until: datetime,
    *,
    which: Which,
    by: str,
    now: datetime,
    dry_run: bool = False,
) -> tuple[Backfill, list[datetime]]:
    """Order the runs of a job's past dates from ``since`` to ``until``; also returns the dates.

    Nothing is stored with ``dry_run``, nor if there is no such date. Dates later than ``now`` are
    the schedule's. Raises CannotBackfill if these dates of this job can't be run.
    """
    _refuse_if_hopeless(job, since, until)
    order = Backfill(
        job=job,
        since=to_stored(since),
        until=to_stored(min(until, now)),
        which=which,
        created_by=by,
    )
    order._state.db = job._state.db
    try:
        found = list(islice(dates(order), MOST_DATES + 1))
    except ValueError as error:  # InvalidSchedule is one
        raise CannotBackfill(f"{job.name}: {error}") from error
    if len(found) > MOST_DATES:
        raise CannotBackfill(f"{job.name}: these are more than {MOST_DATES:,} dates; take fewer")
    order.total = len(found)
    if found and not dry_run:
        order.save(using=job._state.db)
    return order, found


def _refuse_if_hopeless(job: Job, since: datetime, until: datetime) -> None:
    if until < since:
        raise CannotBackfill(f"{job.name}: the last date lies before the first")
    if job.frequency in (constants.ONCE, *constants.WITHOUT_TIMES):
        raise CannotBackfill(f"{job.name}: its schedule names no dates; run it by hand")
    if job.hostname == constants.ALL_HOSTS:
        raise CannotBackfill(f"{job.name}: it runs on every host; give it one to make up dates")


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
    schedule = order.job.schedule().reaching_back(since)
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
