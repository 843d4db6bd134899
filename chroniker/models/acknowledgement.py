"""What people say of failures: this one is known, or not now. And what is shown of that.

Each is one conditional UPDATE; an acknowledgement names the error that was on the screen. It ends
by itself with the first run that ends otherwise, a snooze at its time.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from chroniker import wording
from chroniker.constants import LONGEST_USERNAME
from chroniker.models import Job, JobHost
from chroniker.models.claimable import NOT_ACKNOWLEDGED, Claimable
from chroniker.moments import to_instant, to_stored

_AWAKE: dict[str, Any] = {"snoozed_until": None, "snoozed_by": None}


def acknowledge(job: Job, error: str, username: str, now: datetime) -> bool:
    """Note that this error (a fingerprint) of the job is known, on whichever hosts it failed of it.

    Returns whether the job still fails of it. ``now`` is aware.
    """
    known = {"acknowledged_at": to_stored(now), "acknowledged_by": username[:LONGEST_USERNAME]}
    own = Job.objects.filter(pk=job.pk, fingerprint=error)
    hosts = JobHost.objects.filter(job=job.pk, fingerprint=error)
    return bool(own.update(**known) + hosts.update(**known))


def acknowledge_all(jobs: Collection[Job], username: str, now: datetime) -> list[Job]:
    """Note of each of these jobs that what it fails of is known; returns those that fail."""
    known = []
    for job in jobs:
        answers = [acknowledge(job, row.fingerprint, username, now) for row in failing(job)]
        if any(answers):
            known.append(job)
    return known


def snooze(job: Job, until: datetime, username: str) -> None:
    """Let nobody hear of the job's failures until then (aware)."""
    Job.objects.filter(pk=job.pk).update(
        snoozed_until=to_stored(until), snoozed_by=username[:LONGEST_USERNAME]
    )


def hear_again(jobs: Collection[int]) -> list[Job]:
    """End what was acknowledged and snoozed of these jobs; returns those of which something was."""
    found = list(Job.objects.filter(is_silenced(), pk__in=jobs))
    ids = [job.pk for job in found]
    Job.objects.filter(pk__in=ids).update(**NOT_ACKNOWLEDGED, **_AWAKE)
    JobHost.objects.filter(job__in=ids).update(**NOT_ACKNOWLEDGED)
    return found


def is_silenced(now: datetime | None = None) -> Q:
    """Jobs of which something is acknowledged or snoozed; with ``now`` (aware): at that moment."""
    hosts = JobHost.objects.filter(job=OuterRef("pk"), acknowledged_at__isnull=False)
    snoozed = {"snoozed_until__isnull": False} if now is None else _asleep(now)
    return Q(acknowledged_at__isnull=False) | Q(**snoozed) | Q(Exists(hosts))


def _asleep(now: datetime) -> dict[str, Any]:
    return {"snoozed_until__gt": to_stored(now)}


def failing(job: Job) -> list[Any]:
    """What has failed since its last good run: the job, or its rows of hosts."""
    hosts = job.hosts.all() if getattr(job, "has_host_rows", True) else ()
    rows: list[Claimable] = [job, *hosts]
    return [row for row in rows if row.fingerprint]


def silence(job: Job, now: datetime) -> str:
    """Why nobody hears of the job's failures at ``now`` (aware), in words; '' if people do."""
    parts = []
    rows = failing(job)
    if rows and all(row.acknowledged_at is not None for row in rows):
        people = dict.fromkeys(row.acknowledged_by or "" for row in rows)
        parts.append(_("acknowledged by %s") % ", ".join(people))
    until = job.snoozed_until
    if until is not None and _is_snoozed(job, now):
        values = {"moment": wording.plain_moment(until), "person": job.snoozed_by}
        parts.append(_("snoozed until %(moment)s by %(person)s") % values)
    return ", ".join(parts)


def is_partly_silenced(job: Job, now: datetime) -> bool:
    """Whether there is anything to take back at ``now`` (aware)."""
    return _is_snoozed(job, now) or any(row.acknowledged_at for row in failing(job))


def _is_snoozed(job: Job, now: datetime) -> bool:
    return job.snoozed_until is not None and now < to_instant(job.snoozed_until)
