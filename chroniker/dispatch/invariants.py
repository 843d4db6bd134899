"""What must hold of the tables, the spool and the processes at every moment.

Each question about the tables is one statement, so that it sees one moment of them: a claim and
its log are written together, and so are a run's end and its job's freedom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from itertools import chain, islice
from operator import or_
from pathlib import Path
from typing import Any

import psutil
from django.db.models import Count, Exists, F, OuterRef, Q

from chroniker import settings
from chroniker.constants import Status, Trigger
from chroniker.context import ENV_RUN_TOKEN
from chroniker.dispatch import recovery
from chroniker.models import Job, JobHost, Log
from chroniker.runs import spool
from chroniker.spool_root import root

AT_MOST = 100
"""So many findings of a kind are named; a table that is wrong all over says so as well."""

TICK_SECONDS = 60
"""The longest time between two ticks of a host that is well."""

_ENDED = [status.value for status in Status if status is not Status.RUNNING]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that must not be: which invariant it breaks, where, and what is wrong."""

    invariant: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.text}"


def check_state(database: str, now: datetime) -> list[Finding]:
    """All that is wrong at this moment of the database's clock; changes nothing.

    What lies between the tables and this host (folders, processes) is not seen at one moment: a
    run that ends just now can be found there once, but not a second time some seconds later.
    """
    # The host first: a folder is made after its claim, so a later look at the claims knows it.
    folders = _folders()
    living = _living()
    return [*check_tables(database, now), *_left_behind(database, folders, living)]


def check_tables(database: str, now: datetime) -> list[Finding]:
    """What of it is wrong with the tables alone, wherever the runs are."""
    return [
        *_wrong_claims(database, now),
        *_wrong_open_logs(database),
        *_wrong_ends(database),
        *_wrong_occurrences(database),
        *_wrong_fences(database),
    ]


# Jobs


def _wrong_claims(database: str, now: datetime) -> Iterator[Finding]:
    """I3 and I5: a job is running while a claim holds that has one open log, and not for ever."""
    of_claim = Log.objects.using(database).filter(token=OuterRef("claim_token"))
    facts = {"is_known": Exists(of_claim), "is_open": Exists(of_claim.running())}
    wanted = Q(is_running=True) | Q(claim_token__isnull=False)
    for table in (Job, JobHost):
        rows = table.objects.using(database).filter(wanted).annotate(**facts)
        for row in rows.order_by("pk")[:AT_MOST]:
            yield from _faults_of_claim(row, _subject(row), now)


def _subject(row: Job | JobHost) -> str:
    return f"job {row.pk}" if isinstance(row, Job) else f"job {row}"


def _faults_of_claim(job: Any, subject: str, now: datetime) -> Iterator[Finding]:
    """What is wrong with one claimable row."""
    if job.claim_token is None:
        # 1.x knows no claims; what it left as running is freed after some minutes.
        if job.fence:
            yield Finding(invariant="I3", subject=subject, text="is running without a claim")
        return
    if not job.is_running:
        yield Finding(invariant="I3", subject=subject, text="is claimed, but not running")
    # Job.mark_running(), for code of 1.x, claims without a log and without a lock file.
    if not job.is_open and (job.is_known or job.lock_file):
        text = "is claimed, but no run of that claim is open"
        yield Finding(invariant="I3", subject=subject, text=text)
    yield from _overdue(job, subject, now)


def _overdue(job: Any, subject: str, now: datetime) -> Iterator[Finding]:
    if job.lease_expires is None:
        yield Finding(invariant="I3", subject=subject, text="is claimed without a lease")
        return
    late = (now - datetime.fromtimestamp(job.lease_expires / 1000, UTC)).total_seconds()
    if late > recovered_within():
        text = f"its lease ran out {late:.0f} s ago and nobody took over; does cron tick?"
        yield Finding(invariant="I5", subject=subject, text=text)


def recovered_within() -> float:
    """Seconds after the end of its lease in which a lost run is recorded while a host ticks."""
    return recovery.TAKEOVER_GRACE_SECONDS + 2 * TICK_SECONDS + recovery.looks_apart()


def _wrong_fences(database: str) -> Iterator[Finding]:
    """I2: each claim counted the fence up, so there are never more claimed runs than that."""
    claimed = Count("logs", filter=Q(logs__token__isnull=False, logs__slot=""))
    jobs = Job.objects.using(database).annotate(claimed=claimed).filter(claimed__gt=F("fence"))
    of_slot = Q(job__logs__token__isnull=False, job__logs__slot=F("hostname"))
    claimed = Count("job__logs", filter=of_slot)
    hosts = JobHost.objects.using(database).annotate(claimed=claimed).filter(claimed__gt=F("fence"))
    for row in chain(jobs.order_by("pk")[:AT_MOST], hosts.order_by("pk")[:AT_MOST]):
        text = f"its fence is {row.fence}, after {row.claimed} claims"
        yield Finding(invariant="I2", subject=_subject(row), text=text)


# Logs


def _wrong_open_logs(database: str) -> Iterator[Finding]:
    """I1 and I3: an open log belongs to its job's claim, and is the only one of its slot."""
    token = OuterRef("token")
    own = Job.objects.using(database).filter(pk=OuterRef("job_id"), claim_token=token)
    host = JobHost.objects.using(database).filter(job=OuterRef("job_id"), claim_token=token)
    held = Exists(own) | Exists(host)
    opened = Log.objects.using(database).running().annotate(is_held=held)
    rows = list(
        opened.order_by("pk").values(
            *("pk", "job_id", "slot", "is_held", "active_for", "success", "run_end_datetime")
        )[:AT_MOST]
    )
    for (job_id, slot), count in Counter((row["job_id"], row["slot"]) for row in rows).items():
        if count > 1:
            text = f"has {count} open runs at once" + (f" on {slot}" if slot else "")
            yield Finding(invariant="I1", subject=f"job {job_id}", text=text)
    for row in rows:
        for text in _faults_of_open(row):
            yield Finding(invariant="I3", subject=f"run {row['pk']}", text=text)


def _faults_of_open(row: Mapping[str, Any]) -> Iterator[str]:
    if not row["is_held"]:
        yield "is open, but its job is not claimed by it"
    if row["active_for"] is None:
        yield "is open, but does not keep others from starting (active_for)"
    if row["success"]:
        yield "is open, but counted as a success"
    if row["run_end_datetime"] is not None:
        yield "is open, but has an end"


def _wrong_ends(database: str) -> Iterator[Finding]:
    """I6: an ended run has status, end and duration, and 1.x's columns agree with them.

    Rows written by 1.x have no status and are left out.
    """
    ended = Log.objects.using(database).filter(status__isnull=False).ended()
    faults = {
        "has an unknown status": ~Q(status__in=_ENDED),
        "has ended, but has no end": Q(run_end_datetime__isnull=True),
        "ended before it began": Q(run_end_datetime__lt=F("run_start_datetime")),
        "has ended, but has no duration": Q(duration_seconds__isnull=True),
        "has ended, but keeps others from starting (active_for)": Q(active_for__isnull=False),
        "has ended, but still holds its concurrency key": Q(holds_key__isnull=False),
        "its success contradicts its status": Q(success=True) ^ Q(status=Status.SUCCEEDED),
        "its on_time contradicts its status": Q(on_time=False) ^ Q(status=Status.TIMED_OUT),
    }
    if not ended.filter(reduce(or_, faults.values())).exists():
        return  # as ever: one look at the table instead of one for each fault
    for text, wrong in faults.items():
        for pk in ended.filter(wrong).order_by("pk").values_list("pk", flat=True)[:AT_MOST]:
            yield Finding(invariant="I6", subject=f"run {pk}", text=text)


def _wrong_occurrences(database: str) -> Iterator[Finding]:
    """I4: what has succeeded is not tried again."""
    logs = Log.objects.using(database)
    again = logs.filter(
        job=OuterRef("job"),
        slot=OuterRef("slot"),
        scheduled_for=OuterRef("scheduled_for"),
        attempt__gt=OuterRef("attempt"),
    ).exclude(trigger=Trigger.BACKFILL)
    done = logs.filter(status=Status.SUCCEEDED, scheduled_for__isnull=False)
    for pk in done.filter(Exists(again)).order_by("pk").values_list("pk", flat=True)[:AT_MOST]:
        text = "succeeded, and its occurrence was run once more"
        yield Finding(invariant="I4", subject=f"run {pk}", text=text)


# This host


def _folders() -> dict[str, bool]:
    """The runs' folders in the spool, by token, and whether anything still holds each."""
    try:
        found = [entry for entry in root().iterdir() if entry.is_dir()]
    except OSError:
        return {}
    folders = {entry.name: spool.Spool(entry) for entry in found}
    return {name: bool(one.is_locked()) for name, one in folders.items()}


def _living() -> dict[str, list[int]]:
    """The pids of processes that belong to a run, by the run's token."""
    found: dict[str, list[int]] = {}
    for process in psutil.process_iter():
        token = _token_of(process)
        if token:
            found.setdefault(token, []).append(process.pid)
    return found


def _token_of(process: psutil.Process) -> str:
    try:
        token: str = process.environ().get(ENV_RUN_TOKEN, "")
    except (psutil.Error, OSError):
        return ""
    return token or _folder_of_streams(process.pid)


def _folder_of_streams(pid: int) -> str:
    """The name of the folder in the spool that this process reads or writes; '' if none."""
    for stream in (0, 1, 2):
        try:
            file = Path(f"/proc/{pid}/fd/{stream}").readlink()
        except OSError:
            continue
        if file.parent.parent == root():
            return file.parent.name
    return ""


def _left_behind(
    database: str, folders: dict[str, bool], living: dict[str, list[int]]
) -> Iterator[Finding]:
    """I9 and I10: nothing is left on this host of a run that has ended."""
    tokens = {*folders, *living}
    for table in (Job, JobHost):
        claimed = table.objects.using(database).filter(claim_token__isnull=False)
        tokens -= set(claimed.values_list("claim_token", flat=True))
    ended = tokens
    runs = _runs_with(database, ended)
    for token in sorted(ended & set(living)):
        # Without a log it is a run of another project, of which we know nothing.
        if token in runs:
            pids = ", ".join(map(str, living[token]))
            text = f"has ended, but processes of it live: {pids}"
            yield Finding(invariant="I10", subject=f"run {runs[token]}", text=text)
    for token in sorted(ended & set(folders)):
        # Other projects of this user use the default folder as well.
        if token in runs or settings.CHRONIKER_SPOOL_DIR:
            subject = f"run {runs[token]}" if token in runs else "spool"
            state = "a process holds it" if folders[token] else "no process holds it"
            text = f"the folder {token} belongs to no run that goes on; {state}"
            yield Finding(invariant="I9", subject=subject, text=text)


def _runs_with(database: str, tokens: set[str]) -> dict[str, int]:
    """The runs that have these tokens."""
    found: dict[str, int] = {}
    waiting = iter(tokens)
    while some := list(islice(waiting, 500)):
        logs = Log.objects.using(database).filter(token__in=some)
        found.update((token or "", pk) for token, pk in logs.values_list("token", "pk"))
    return found
