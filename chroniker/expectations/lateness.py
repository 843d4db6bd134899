"""Which jobs should have begun by now and have not: one answer for ticks, pages and monitoring."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from chroniker import settings
from chroniker.constants import Misfire
from chroniker.expectations import band, history
from chroniker.expectations.band import NOTHING_KNOWN, Band
from chroniker.models import Host, Job, Pause, Pauses
from chroniker.moments import to_instant, to_stored


@dataclass(frozen=True, kw_only=True)
class Late:
    """A job (with the state of its slot) that was ``due`` (aware) and had ``grace`` to begin."""

    job: Job
    due: datetime
    grace: timedelta

    @property
    def by(self) -> datetime:
        """When it should have begun at the latest."""
        return self.due + self.grace

    @property
    def key(self) -> str:
        """What is noted once, by whoever finds it to be late."""
        return key_of(self.job, self.due)


def key_of(job: Job, due: datetime) -> str:
    """The key of the notification that a job which is due since then has not begun in time."""
    slot = f"@{job.slot}" if job.slot else ""
    return f"missed:{job.pk}{slot}:{due.isoformat()}"


def perhaps_late(now: datetime, job: str = "") -> Q:
    """Rows that may be late at ``now`` (aware). ``job`` is the path from them to their job."""
    usually = Q(next_run__lte=to_stored(now - band.LEAST_GRACE))
    own = Q(**{f"{job}late_after_seconds__gt": 0}, next_run__lte=to_stored(now))
    never = Q(**{f"{job}late_after_seconds": 0})
    return (usually | own) & ~never & Q(is_running=False, **{f"{job}enabled": True})


def of_jobs(
    jobs: Iterable[Job], now: datetime, pauses: Sequence[Pause], hosts: Collection[Host]
) -> list[Late]:
    """Those of these jobs that are late at ``now`` (aware).

    It takes a query less if they know ``runs_since`` (see :func:`history.bounded`). ``pauses`` are
    those that may have held one of them since it is due: what is paused is not late, and has its
    grace anew from the end of the pause on. So has what waited for ``hosts`` that were silent or
    drained.
    """
    waiting = [
        (job, max(due, _ready_since(job, hosts, now) or due))
        for job in jobs
        if (due := due_since(job, now)) is not None
    ]
    waiting = _not_excused(waiting, now, pauses)
    learns = settings.CHRONIKER_LEARN_EXPECTATIONS
    unset = [job for job, _since in waiting if job.late_after_seconds is None] if learns else []
    known = _bands(unset) if unset else {}
    found = (_late(job, since, known.get(job.pk, NOTHING_KNOWN), now) for job, since in waiting)
    return [late for late in found if late is not None]


def due_since(job: Job, now: datetime) -> datetime | None:
    """Since when this idle job should have begun, by its own time; None if it should not."""
    next_run, retry_at = to_instant(job.next_run), to_instant(job.retry_at)
    if not job.enabled or job.is_running or next_run is None or job.is_over(now):
        return None
    since = [next_run, retry_at, to_instant(job.active_from)]
    if job.attempt:
        since.append(to_instant(job.last_ended))  # it did run, and is to run once more
    due = max(filter(None, since))
    return due if due <= now else None


def _ready_since(job: Job, hosts: Collection[Host], now: datetime) -> datetime | None:
    """Since when a host that may run it starts runs; None if one always has, or nobody knows."""
    name = job.slot or job.hostname
    able = [host for host in hosts if host.hostname == name or not (name or host.is_silent(now))]
    moments = [host.ready_since(now) for host in able]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None


def pauses_since(database: str, moment: datetime, now: datetime) -> list[Pause]:
    """The pauses that held something between these two (aware)."""
    begun = Pause.objects.using(database).filter(starts_at__lte=to_stored(now))
    held = Q(ends_at__isnull=True) | Q(ends_at__gt=to_stored(moment))
    return list(begun.filter(held).select_related("job"))


def _not_excused(
    waiting: list[tuple[Job, datetime]], now: datetime, pauses: Sequence[Pause]
) -> list[tuple[Job, datetime]]:
    if not (waiting and pauses):
        return waiting
    all_pauses = Pauses(pauses, [job for job, _due in waiting])
    kept = []
    for job, due in waiting:
        ends = [to_instant(pause.ends_at) for pause, _held in all_pauses.each_holding(job)]
        if all(end is not None and end <= now for end in ends):
            kept.append((job, max([due, *filter(None, ends)])))
    return kept


def _bands(jobs: list[Job]) -> dict[int, Band]:
    database = jobs[0]._state.db
    bounded = {job.pk: job.runs_since for job in jobs if hasattr(job, "runs_since")}
    others = {job.pk for job in jobs} - bounded.keys()
    return history.bands_since(bounded, database) | history.bands(others, database)


def _late(job: Job, since: datetime, known: Band, now: datetime) -> Late | None:
    learns = bool(settings.CHRONIKER_LEARN_EXPECTATIONS)
    allowed = band.grace(job.late_after_seconds, known, learns=learns)
    if allowed is not None and job.late_after_seconds is None and not job.attempt:
        allowed = _before_it_is_skipped(job, allowed)
    if allowed is None or now - since <= allowed:
        return None
    return Late(job=job, due=since, grace=allowed)


def _before_it_is_skipped(job: Job, allowed: timedelta) -> timedelta:
    """A job that skips what is too late is late before that."""
    if job.misfire_policy != Misfire.SKIP:
        return allowed
    return min(allowed, timedelta(seconds=job.misfire_grace_seconds))
