"""What is wrong now, from a handful of queries, however many logs there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Case, Q, When
from django.utils.translation import gettext as _

from chroniker import constants, settings
from chroniker.expectations import history, lateness, silence
from chroniker.expectations.lateness import Late
from chroniker.models import Host, Job, JobHost, Pause
from chroniker.models.claimable import Claimable
from chroniker.moments import iso, to_instant
from chroniker.wording import in_utc


class Kind(StrEnum):
    """What can be wrong with a job."""

    LATE = "late"
    STUCK = "stuck"
    FAILING = "failing"
    FAULTY = "faulty"
    LONG = "long"


@dataclass(frozen=True, kw_only=True)
class Concern:
    """Something that is wrong with a job, since when (aware, where that is known), in words."""

    kind: Kind
    job: Job
    since: datetime | None
    words: str

    @property
    def name(self) -> str:
        """The job's name, with the host where it is about one host's share of it."""
        return f"{self.job.name} on {self.job.slot}" if self.job.slot else str(self.job.name)


@dataclass(frozen=True, kw_only=True)
class State:
    """How things are at ``now`` (aware)."""

    now: datetime
    hosts: tuple[Host, ...]
    running: tuple[Job, ...]
    concerns: tuple[Concern, ...]
    pauses: tuple[Pause, ...]

    @property
    def last_tick(self) -> datetime | None:
        """When a scheduler last looked for due jobs, on whatever host."""
        return silence.last_tick(self.hosts)

    @property
    def silent_hosts(self) -> list[Host]:
        """The hosts that should tick and do not."""
        return silence.silent(self.hosts, self.now)

    @property
    def is_anybody_ticking(self) -> bool:
        """Whether a scheduler looks for due jobs anywhere."""
        return silence.anybody_ticks(self.hosts, self.now)

    def of(self, kind: Kind) -> list[Concern]:
        """What of this kind is wrong."""
        return [concern for concern in self.concerns if concern.kind == kind]

    def values_of_hosts(self) -> list[dict[str, Any]]:
        """The hosts for JSON."""
        return [
            {
                "host": host.hostname,
                "last_tick": iso(to_instant(host.last_tick)),
                "silent": host.is_silent(self.now),
                "expected": host.is_expected(self.now),
                "away_from": iso(to_instant(host.away_from)),
                "away_until": iso(to_instant(host.away_until)),
                "away_cost": host.away_cost,
            }
            for host in self.hosts
        ]


def read(database: str, now: datetime, jobs: Collection[int] | None = None) -> State:
    """The state at ``now`` (aware), in at most five queries; ``jobs`` limits it to these ids."""
    hosts = tuple(Host.objects.using(database).filter(last_tick__isnull=False))
    expected = {host.hostname for host in hosts if host.is_expected(now)}
    rows = _rows(database, now, jobs, expected)
    waiting = [row for row in rows if row.is_perhaps_late]
    due = [moment for row in waiting if (moment := lateness.due_since(row, now)) is not None]
    pauses = lateness.pauses_since(database, min(due, default=now), now)
    late = lateness.of_jobs(waiting, now, pauses, hosts)
    concerns = [*_late(late), *_stuck(rows, now), *_failing(rows), *_faulty(rows)]
    return State(
        now=now,
        hosts=hosts,
        running=tuple(row for row in rows if row.is_running),
        concerns=tuple(concerns),
        pauses=tuple(pause for pause in pauses if pause.is_active(now)),
    )


def _rows(
    database: str, now: datetime, ids: Collection[int] | None, expected: Collection[str]
) -> list[Any]:
    """The jobs that may be worth a word; of those for all hosts, each host's share as well."""
    is_late = lateness.perhaps_late(now)
    everywhere = Q(hostname=constants.ALL_HOSTS)
    wanted = Q(is_running=True) | Q(last_run_successful=False) | Q(error__gt="") | everywhere
    jobs = Job.objects.using(database).filter(enabled=True).filter(wanted | is_late)
    if ids is not None:
        jobs = jobs.filter(pk__in=ids)
    # Asked only of those that are late: a job's history is not free.
    since = history.runs_since()
    found = list(
        jobs.annotate(
            is_perhaps_late=Case(When(is_late, then=True), default=False),
            runs_since=Case(When(is_late, then=since), default=None),
        ).order_by("name", "pk")
    )
    shared = {job.pk: job for job in found if job.hostname == constants.ALL_HOSTS}
    return [*_own(found), *(_shares(database, now, shared, expected) if shared else ())]


def _own(jobs: Iterable[Any]) -> Iterator[Any]:
    for job in jobs:
        if job.hostname == constants.ALL_HOSTS:
            job.is_perhaps_late = False  # its hosts tell
        yield job


def _shares(
    database: str, now: datetime, jobs: dict[int, Any], expected: Collection[str]
) -> Iterator[Any]:
    # A host that is gone has rows of its own as well, and runs nothing any more.
    is_late = lateness.perhaps_late(now, "job__") & Q(hostname__in=expected)
    rows = JobHost.objects.using(database).filter(Q(is_running=True) | is_late, job__in=jobs)
    for row in rows.select_related("job"):
        job: Any = row.as_job()
        job.is_perhaps_late = not row.is_running
        job.last_run_successful, job.error = None, None  # said once, of the job itself
        yield job


# What is wrong with them


def _late(found: Iterable[Late]) -> Iterator[Concern]:
    for late in found:
        words = _("should have begun by %s") % in_utc(late.by)
        yield Concern(kind=Kind.LATE, job=late.job, since=late.due, words=words)


def _stuck(jobs: Iterable[Job], now: datetime) -> Iterator[Concern]:
    limit = now - timedelta(minutes=settings.CHRONIKER_STALE_MINUTES)
    for job in jobs:
        heartbeat = _last_sign(job)
        if job.is_running and (heartbeat is None or heartbeat < limit):
            words = _("gives no sign of life")
            if heartbeat is not None:
                words = _("no sign of life since %s") % in_utc(heartbeat)
            yield Concern(kind=Kind.STUCK, job=job, since=heartbeat, words=words)


def _last_sign(row: Claimable) -> datetime | None:
    signs = (to_instant(row.last_heartbeat), to_instant(row.last_run_start_timestamp))
    return max(filter(None, signs), default=None)


def _failing(jobs: Iterable[Job]) -> Iterator[Concern]:
    for job in jobs:
        if job.last_run_successful is False:
            success = to_instant(job.last_success)
            words = _("has never succeeded") if success is None else _("succeeded last at %s")
            words = words if success is None else words % in_utc(success)
            since = to_instant(job.last_run)
            yield Concern(kind=Kind.FAILING, job=job, since=since, words=words)


def _faulty(jobs: Iterable[Job]) -> Iterator[Concern]:
    for job in jobs:
        if job.error:
            words = _("cannot run: %s") % job.error
            yield Concern(kind=Kind.FAULTY, job=job, since=None, words=words)
