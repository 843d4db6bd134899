"""Hosts and schedulers that have stopped to tick: which, since when, and what that has cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker import constants, signals
from chroniker.constants import Event
from chroniker.models import Host, Job, JobHost, Notification, Pauses, Standing
from chroniker.moments import to_instant, to_stored
from chroniker.notifications import outbox
from chroniker.wording import in_utc

MOST_JOBS, MOST_OCCURRENCES = 500, 100
"""So many jobs are looked at, and of each so many occurrences are counted, after a silence."""

_NAMED = 10


def silent(hosts: Collection[Host], now: datetime) -> list[Host]:
    """Those of these hosts that should tick and do not, at ``now`` (aware)."""
    return [host for host in hosts if host.is_expected(now) and host.is_silent(now)]


def anybody_ticks(hosts: Collection[Host], now: datetime) -> bool:
    """Whether a scheduler looks for due jobs on any host."""
    return any(not host.is_silent(now) for host in hosts)


def last_tick(hosts: Collection[Host]) -> datetime | None:
    """When a scheduler last looked for due jobs, on whatever host."""
    return max((moment for host in hosts if (moment := to_instant(host.last_tick))), default=None)


# What is told while it lasts


def note_hosts(database: str, hosts: Collection[Host], now: datetime) -> list[Host]:
    """Tell, once for each silence, of the silent hosts that jobs are bound to; returns those."""
    found = [host for host in silent(hosts, now) if host.silence_noted != host.last_tick]
    if not found:
        return []
    bound = Job.objects.using(database).of_enabled()
    names = [host.hostname for host in found]
    missed = set(
        bound.filter(hostname__in=[*names, constants.ALL_HOSTS]).values_list("hostname", flat=True)
    )
    told = []
    for host in found:
        if missed & {host.hostname, constants.ALL_HOSTS} and _note_host(database, host, now):
            told.append(host)
    return told


def _note_host(database: str, host: Host, now: datetime) -> bool:
    last = to_instant(host.last_tick)
    with transaction.atomic(using=database):
        if last is None or not Host.objects.using(database).note_silence(host):
            return False
        outbox.note(
            database,
            Event.HOST_SILENT,
            now=now,
            key=f"host_silent:{host.pk}:{last.isoformat()}",
            hostname=host.hostname,
            details={
                "host": host.hostname,
                "last_tick": last.isoformat(),
                "reason": _("No scheduler has looked for due jobs on %(host)s since %(time)s.")
                % {"host": host.hostname, "time": in_utc(last)},
            },
        )
    signals.send(signals.host_silent, Host, f"host={host}", host=host, last_tick=last)
    return True


def note_everywhere(database: str, hosts: Collection[Host], now: datetime) -> bool:
    """Tell, once, that no scheduler ticks on any host; whether there is such a silence now.

    Not where none ever has, nor where all of the hosts that have were retired.
    """
    used = [host for host in hosts if not host.is_retired]
    last = last_tick(used)
    if last is None or anybody_ticks(hosts, now):
        return False
    if _is_noted(database, _key_everywhere(last)):
        return True
    outbox.note(
        database,
        Event.SCHEDULER_SILENT,
        now=now,
        key=_key_everywhere(last),
        details={
            "last_tick": last.isoformat(),
            "reason": _("No scheduler has looked for due jobs on any host since %s.")
            % in_utc(last),
        },
    )
    return True


def _key_everywhere(last: datetime) -> str:
    return f"scheduler_silent:{last.isoformat()}"


# What it has cost


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What came while a host was away and nobody ran: ``more`` if not all of it was counted."""

    occurrences: int = 0
    jobs: tuple[str, ...] = ()
    more: bool = False

    def __str__(self) -> str:
        if not self.occurrences:
            return _("no occurrence of a job was missed")
        counted = ngettext(
            "%(number)d occurrence of %(jobs)s", "%(number)d occurrences of %(jobs)s",
            self.occurrences,
        ) % {
            "number": self.occurrences,
            "jobs": ngettext("%d job", "%d jobs", len(self.jobs)) % len(self.jobs),
        }  # fmt: skip
        words = _("at least %s affected") if self.more else _("%s affected")
        return words % counted


def cost(database: str, hostname: str, since: datetime, now: datetime) -> Cost:
    """What came for this host after ``since`` (aware) and has not run by ``now`` on any other.

    Jobs that are paused now, or over, would not have run anyway.
    """
    occurrences, names, more = 0, [], False
    waiting = _waiting(database, hostname, now)
    pauses = Pauses.read(database, now, waiting)
    for job in waiting[:MOST_JOBS]:
        came = _came(job, since, now)
        if came and pauses.holding(job) is None:
            occurrences += len(came)
            names.append(job.name)
            more = more or len(came) >= MOST_OCCURRENCES
    more = more or len(waiting) > MOST_JOBS
    return Cost(occurrences=occurrences, jobs=tuple(names), more=more)


def _waiting(database: str, hostname: str, now: datetime) -> list[Job]:
    """The jobs whose turn has come on this host, and one more than are looked at."""
    mine = Q(hostname__isnull=True) | Q(hostname__in=("", hostname))
    due = Q(next_run__lte=to_stored(now))
    jobs = Job.objects.using(database).of_enabled().idle().filter(mine, due).order_by("next_run")
    rows = JobHost.objects.using(database).of_enabled().idle().filter(due, hostname=hostname)
    found = [*jobs[: MOST_JOBS + 1]]
    found += [row.as_job() for row in rows.select_related("job")[: MOST_JOBS + 1]]
    return found[: MOST_JOBS + 1]


def _came(job: Job, since: datetime, now: datetime) -> Sequence[datetime]:
    """Its occurrences since then, at most ``MOST_OCCURRENCES``."""
    first = job.occurrence
    if first is None or job.is_over(now) or job.attempt:
        return ()
    own = [first] if first > since else []
    try:
        coming = job.schedule().between(max(first, since), now, MOST_OCCURRENCES - len(own))
        return [*own, *coming]
    except (ValueError, OverflowError):  # InvalidSchedule is a ValueError
        return own


def note_return(database: str, host: Host, now: datetime) -> Cost | None:
    """Record what the silence cost that this host ends by ticking; None if there was none.

    ``host`` is as it was before the tick. It is told if a job was affected, or if the silence had
    been told.
    """
    last = to_instant(host.last_tick)
    if last is None or host.is_retired or not host.is_silent(now):
        return None
    if Standing.read(database).is_held:
        return None  # of a copy nobody expected anything
    found = cost(database, host.hostname, last, now)
    away = _("%(host)s was away from %(begin)s to %(end)s: %(cost)s.") % {
        "host": host.hostname,
        "begin": in_utc(last),
        "end": in_utc(now),
        "cost": str(found),
    }
    with transaction.atomic(using=database):
        Host.objects.using(database).filter(pk=host.pk).update(
            away_from=to_stored(last), away_until=to_stored(now), away_cost=str(found)
        )
        if found.occurrences or _was_told(database, host, last):
            details: dict[str, Any] = {
                "host": host.hostname,
                "from": last.isoformat(),
                "until": now.isoformat(),
                "occurrences": found.occurrences,
                "jobs": len(found.jobs),
                "names": list(found.jobs[:_NAMED]),
                "at_least": found.more,
                "reason": away,
            }
            key = f"scheduler_back:{host.pk}:{last.isoformat()}"
            outbox.note(
                database,
                Event.SCHEDULER_SILENT,
                now=now,
                key=key,
                hostname=host.hostname,
                details=details,
            )
    return found


def _was_told(database: str, host: Host, last: datetime) -> bool:
    if host.silence_noted is not None and host.silence_noted == host.last_tick:
        return True
    return _is_noted(database, _key_everywhere(last))


def _is_noted(database: str, key: str) -> bool:
    return bool(Notification.objects.using(database).filter(key=key).exists())
