"""Claimable rows wherever they are: a job's own, or a host's for a job whose host is ``*``.

Everything that claims, renews, publishes and records goes through here, so that the same few
statements serve both. A *slot* is the host's name for the latter, and '' for the former.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, Min, OuterRef, Q

from chroniker import constants, signals
from chroniker.models.announcing import announce_once_committed, log_request
from chroniker.models.claimable import Claimable, has_come
from chroniker.models.job import Job
from chroniker.models.job_host import JobHost, JobHostQuerySet
from chroniker.models.job_queryset import JobQuerySet, rested
from chroniker.models.log import Log, LogQuerySet
from chroniker.models.skipped import write_skipped
from chroniker.moments import to_instant, to_stored

CLAIMABLE_FIELDS = frozenset(field.name for field in Claimable._meta.get_fields())

MIRRORED = frozenset({"last_run", "last_run_successful", "last_ended", "last_success"})
"""What a job tells of the last run of any of its hosts."""


def rows(database: str, slot: str) -> JobQuerySet | JobHostQuerySet:
    """The rows that claims of such a slot are on."""
    return JobHost.objects.using(database) if slot else Job.objects.using(database)


def held(database: str, token: str, slot: str) -> Job | None:
    """The job that this token holds, with the state of its slot; None if it holds none."""
    if not slot:
        job: Job | None = Job.objects.using(database).filter(claim_token=token).first()
        return job
    row = JobHost.objects.using(database).filter(claim_token=token).select_related("job").first()
    return row.as_job() if row else None


def all_running(database: str, *, but: Collection[str] = ()) -> Iterator[Job]:
    """Every claimed job, once for each slot, with the state of that slot.

    ``but`` are tokens of claims to leave out.
    """
    yield from Job.objects.using(database).all_running().exclude(claim_token__in=but)
    hosts = JobHost.objects.using(database).all_running().exclude(claim_token__in=but)
    for row in hosts.select_related("job"):
        yield row.as_job()


def tokens(database: str) -> set[str]:
    """The tokens of all claims there are."""
    jobs = Job.objects.using(database).filter(claim_token__isnull=False)
    hosts = JobHost.objects.using(database).filter(claim_token__isnull=False)
    found = [*jobs.values_list("claim_token"), *hosts.values_list("claim_token")]
    return {str(token) for (token,) in found}


def open_but_not_held(database: str) -> LogQuerySet:
    """The runs that have not ended though no claim holds them (any more, and never again)."""
    of_log = {"claim_token": OuterRef("token")}
    return (
        Log.objects.using(database)
        .running()
        .exclude(Exists(Job.objects.using(database).filter(**of_log)))
        .exclude(Exists(JobHost.objects.using(database).filter(**of_log)))
    )


def update(database: str, job: Job, token: str, values: dict[str, Any]) -> bool:
    """Write the end of a claim, if job and claim are still as they were loaded.

    What belongs to the definition goes to the job itself; so does how the last run of any host
    went, which is what other jobs that wait for this one ask. To be called in a transaction.
    """
    changed = rows(database, job.slot).unchanged(job).filter(claim_token=token)
    own = {name: value for name, value in values.items() if name in CLAIMABLE_FIELDS}
    if not job.slot:
        return bool(changed.update(**values))
    if not changed.update(**own, revision=job.revision):
        return False
    jobs = Job.objects.using(database).filter(pk=job.pk)
    jobs.update(
        **{name: value for name, value in values.items() if name not in own or name in MIRRORED}
    )
    move_ahead(jobs, own)
    return True


def move(job: Job, moment: datetime | None) -> bool:
    """Let an idle job's next run be another, if it is as it was seen; also on this object.

    What was to be retried is given up. To be called in a transaction.
    """
    stored = to_stored(moment)
    values = {"next_run": stored, "next_occurrence": stored, "attempt": 0, "retry_at": None}
    database = job._state.db or "default"
    changed = rows(database, job.slot).unchanged(job).idle().filter(fence=job.fence)
    if not changed.update(**values):
        return False
    if job.slot:
        move_ahead(Job.objects.using(database).filter(pk=job.pk), values)
    for name, value in values.items():
        setattr(job, name, value)
    return True


def move_ahead(jobs: JobQuerySet, values: dict[str, Any]) -> None:
    """Let a job for all hosts show a next run that none of its hosts has behind it."""
    if values.get("next_run") is not None:
        ahead = {name: values[name] for name in ("next_run", "next_occurrence")}
        jobs.filter(next_run__lt=values["next_run"]).update(**ahead)


def due_here(database: str, now: datetime, hostname: str, jobs: Collection[int] = ()) -> list[Job]:
    """The jobs for all hosts that are due on this one; makes and updates this host's rows."""
    everywhere = Job.objects.using(database).filter(hostname=constants.ALL_HOSTS, enabled=True)
    if jobs:
        everywhere = everywhere.filter(pk__in=jobs)
    if not everywhere.exists():
        return []
    _pass_on_requests(database, everywhere)
    _follow_definitions(database, now, hostname)
    moment = to_stored(now)
    for job in everywhere.filter(next_run__lte=moment).exclude(hosts__hostname=hostname):
        _row_for(database, job, hostname)
    due = JobHost.objects.using(database).idle().filter(hostname=hostname, job__in=everywhere)
    due = due.filter(has_come(moment) | Q(force_run=True))
    due = due.filter(rested(moment, job="job__")).order_by("job__name", "job_id")
    return [row.as_job() for row in due.prefetch_related("job__dependencies__dependee")]


def is_busy_here(database: str, now: datetime, hostname: str) -> bool:
    """Whether a row of this host is due, or a row of any host claimed; costs one query."""
    here = Q(hostname=hostname, job__enabled=True, job__hostname=constants.ALL_HOSTS)
    due = here & (has_come(to_stored(now)) | Q(force_run=True))
    return JobHost.objects.using(database).filter(due | Q(is_running=True)).exists()


def next_here(database: str, now: datetime, hostname: str) -> datetime | None:
    """When the next row of this host is due; now if one is due already."""
    rows = JobHost.objects.using(database).idle().of_enabled().filter(hostname=hostname)
    forced = Count("pk", filter=Q(force_run=True))
    found = rows.aggregate(next=Min("next_run"), forced=forced)
    first: datetime | None = now if found["forced"] else to_instant(found["next"])
    return first


def _row_for(database: str, job: Job, hostname: str) -> None:
    state = {"next_run": job.next_run, "next_occurrence": job.next_occurrence}
    JobHost.objects.using(database).get_or_create(
        job=job, hostname=hostname, defaults={**state, "revision": job.revision}
    )


def _follow_definitions(database: str, now: datetime, hostname: str) -> None:
    """Let this host's rows follow a definition that was changed."""
    outdated = JobHost.objects.using(database).filter(hostname=hostname).outdated()
    for row in outdated.select_related("job"):
        job = row.job
        revision, ahead = job.revision, to_instant(job.next_occurrence or job.next_run)
        state = {"next_run": job.next_run, "next_occurrence": job.next_occurrence}
        same = JobHost.objects.using(database).idle().filter(pk=row.pk, revision=row.revision)
        with transaction.atomic(using=database):
            if same.update(**state, attempt=0, retry_at=None, revision=revision):
                _skip_until(row.as_job(), ahead, now, hostname)


def _skip_until(job: Job, ahead: datetime | None, now: datetime, hostname: str) -> None:
    """Account for the occurrences this host had not run yet when its row was moved past them."""
    first = job.occurrence
    if first is None or first > now:
        return
    missed = [first, *job.occurrences_between(first, now)]
    passed = [moment for moment in missed if ahead is None or moment < ahead]
    log = write_skipped(job, passed, "the job was changed", now=now, hostname=hostname)
    if log is not None:
        announce_once_committed(signals.run_skipped, log._state.db or "default", log.pk)


def _pass_on_requests(database: str, jobs: JobQuerySet) -> None:
    """A request to run the job is a request to every host that knows it."""
    for job in jobs.filter(force_run=True):
        taken = Job.objects.using(database).filter(pk=job.pk, force_run=True)
        if taken.update(force_run=False, forced_by=None, forced_args=None):
            JobHost.objects.using(database).filter(job=job).update(
                force_run=True, forced_by=job.forced_by, forced_args=job.forced_args
            )


def request_stop(database: str, jobs: Collection[int], by: str | None) -> int:
    """Ask the runs of these jobs that are going on now, on whatever host, to end."""
    values: dict[str, Any] = {"force_stop": True, "stop_fence": F("fence"), "stopped_by": by}
    own = Job.objects.using(database).all_running().filter(pk__in=jobs)
    elsewhere = JobHost.objects.using(database).all_running().filter(job__in=jobs)
    stopped = int(own.update(**values) + elsewhere.update(**values))
    if stopped:
        log_request("stop_requested", database, jobs, by)
    return stopped
