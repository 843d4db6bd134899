"""Is there anything to do at all, and when next? Asked often, so it costs a few short queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, Sum

from chroniker import constants, settings
from chroniker.dispatch.line import is_anyone_waiting
from chroniker.models import Backfill, Job, JobDependency, JobHost, JobQuerySet, Pause, claims
from chroniker.models.claimable import has_come
from chroniker.models.job_queryset import rested
from chroniker.moments import to_instant, to_stored
from chroniker.notifications import outbox
from chroniker.spool_root import holds_anything


def anything_to_do(database: str, now: datetime) -> bool:
    """Whether a job is due for this host, a claim held that may have to be recovered, or people
    are still to be told of something."""
    jobs = Job.objects.using(database)
    due = jobs.due(now=now, check_hostname=False).for_host(settings.hostname())
    if due.exists() or jobs.all_running().exists() or is_anyone_waiting(database):
        return True
    if holds_anything():  # nothing runs, and yet a run has left its folder here
        return True
    if claims.is_busy_here(database, now, settings.hostname()):
        return True
    return outbox.pending(database, now)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is due, and how long it is until the next job is.

    ``signs``, where something is due, differ from those of another moment if anything has
    happened since that could let a job start that could not then: a claim, an end, a change of a
    definition or a dependency, on whatever host.
    """

    due: int
    until_next: timedelta | None
    signs: tuple[object, ...]


def outlook(database: str, now: datetime) -> Outlook:
    """How many jobs are due for this host now, and when the next one will be."""
    jobs = Job.objects.using(database).of_enabled().idle().for_host(settings.hostname())
    ordered = Backfill.objects.using(database).unfinished().count()
    # Asked each second, mostly in vain; and building the whole question takes the longest.
    unclear = Q(force_run=True) | Q(frequency=constants.CHAINED) | Q(hostname=constants.ALL_HOSTS)
    soon = jobs.aggregate(
        next=Min("next_run"), retry=Min("retry_at"), unclear=Count("pk", filter=unclear)
    )
    known = [*filter(None, map(to_instant, (soon["next"], soon["retry"])))]
    if not (ordered or soon["unclear"]) and all(moment > now for moment in known):
        return Outlook(due=0, until_next=min(known) - now if known else None, signs=())
    return _closer_look(database, now, jobs, ordered)


def _closer_look(database: str, now: datetime, jobs: JobQuerySet, ordered: int) -> Outlook:
    moment = to_stored(now)
    due = rested(moment) & (has_come(moment) | Q(force_run=True) | Q(frequency=constants.CHAINED))
    found = jobs.aggregate(
        due=Count("pk", filter=due),
        which=Sum("pk", filter=due),
        next=Min("next_run", filter=Q(next_run__gt=moment)),
        retry=Min("retry_at", filter=Q(retry_at__gt=moment)),
    )
    mine = claims.next_here(database, now, settings.hostname())
    is_mine_due = mine is not None and mine <= now
    is_due = found["due"] or is_mine_due or ordered
    known = [mine, *map(to_instant, (found["next"], found["retry"]))]
    if is_due:  # the end of a pause changes nothing for what is not due
        known.append(to_instant(_next_end_of_a_pause(database, moment)))
    ahead = [moment for moment in known if moment and moment > now]
    return Outlook(
        due=found["due"] + is_mine_due + ordered,
        until_next=min(ahead) - now if ahead else None,
        signs=(found["which"], is_mine_due, *_signs(database, now)) if is_due else (),
    )


def _next_end_of_a_pause(database: str, moment: datetime) -> datetime | None:
    pauses = Pause.objects.using(database).filter(ends_at__gt=moment)
    end: datetime | None = pauses.aggregate(next=Min("ends_at"))["next"]
    return end


_CRITERIA = (
    *("wait_for_completion", "wait_for_success"),
    *("wait_for_next_run", "wait_for_fresh_success"),
)


def _signs(database: str, now: datetime) -> Iterator[object]:
    """Counts that tell of claims, ends and changes."""
    for others in (Pause, Backfill):
        rows = others._default_manager.using(database)
        yield tuple(rows.aggregate(count=Count("pk"), which=Sum("pk")).values())
    yield Pause.objects.using(database).active(now).count()
    yield Backfill.objects.using(database).unfinished().count()
    running = Count("pk", filter=Q(is_running=True))
    held = {"claims": Sum("fence"), "running": running, "changes": Sum("revision")}
    for table in (Job, JobHost):
        yield from table.objects.using(database).aggregate(**held).values()
    wanted = {name: Count("pk", filter=Q(**{name: True})) for name in _CRITERIA}
    dependencies = JobDependency.objects.using(database)
    yield from dependencies.aggregate(count=Count("pk"), which=Sum("pk"), **wanted).values()
