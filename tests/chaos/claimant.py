"""One of many processes that race for the same jobs: claims, holds, renews, records, recovers.

All by the package's own functions; only what carries a run out is left away. What it does it
writes down past the package, in one file that is only appended to (``ledger``), and it holds a
lock of the kernel (``lock-JOB``) from its claim until just before it records the end.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.conf import settings as project
from django.db import connection
from django.db.models import F

from chroniker.constants import ALL_HOSTS, Status, Trigger
from chroniker.dispatch import claim as claiming
from chroniker.dispatch import recovery
from chroniker.dispatch.leftovers import clear_up
from chroniker.dispatch.line import Selection
from chroniker.dispatch.recovery import Recovery
from chroniker.dispatch.tick import still_held, would_start
from chroniker.host import uptime
from chroniker.models import Job, JobHost, claims
from chroniker.models.database_clock import database_now
from chroniker.models.hiccups import HICCUPS
from chroniker.runs import ending, lease, processes, spool
from chroniker.runs.run import Run

DATABASE = "default"

RENEW_SECONDS = 0.25
LOOKS_APART_SECONDS = 5.5
FENCE_SECONDS = 3.0
"""Who could not renew for so long lets go, well before two looks can find no heartbeat."""

SQLITE_WAITS_SECONDS = 2.0
"""Less than the fence: who waits for a lock of SQLite's cannot let go meanwhile."""

LONG_HOLDS = 0.005
"""How many of the claims are held for seconds, and renewed, instead of for milliseconds."""

FEW = 4
"""So many jobs are tried at once, and more are made due if there are fewer."""

FIRST_OCCURRENCE = datetime(2020, 1, 1, tzinfo=UTC)


class Claimant:
    """Claims whatever is due, until it is killed."""

    def __init__(self, evidence: Path, rng: random.Random) -> None:
        self._evidence = evidence
        self._rng = rng
        self._recovery = Recovery(DATABASE)
        logging.getLogger("chroniker.dispatch").addFilter(self._note_refusal)

    def race(self) -> None:
        """Until this process is killed, or its parent was."""
        parent = os.getppid()
        while os.getppid() == parent:
            try:
                self._turn()
            except HICCUPS as error:
                self._note("hiccup", error=str(error))
                connection.close()

    def _turn(self) -> None:
        now = database_now(DATABASE)
        if self._rng.random() < 0.2:
            for run, outcome in self._recovery.recover(now):
                self._note("recovered", token=run.token, status=outcome.status)
        found = list(would_start(DATABASE, now, Selection()))
        self._rng.shuffle(found)
        for job in found[:FEW]:  # as they were seen now, however long the ones before are held
            self._try(job, now)
        if len(found) < FEW:
            self._ask_for_more()

    def _try(self, job: Job, now: datetime) -> None:
        run = claiming.claim(
            job,
            now,
            trigger=Trigger.FORCED if job.force_run else Trigger.SCHEDULE,
            lock_file_of=spool.lock_file_of,
        )
        if run is None:
            self._note("missed", job=job.pk)
            return
        if still_held(run) is None:
            return
        with self._oracle(run):
            folder = spool.Spool.of(run.lock_file)
            lock = folder.create(os.getpid(), processes.created(os.getpid()))
            self._hold(run)
        os.close(lock)
        self._record(run)

    @contextmanager
    def _oracle(self, run: Run) -> Iterator[None]:
        """Hold the kernel's lock for what this run holds, and tell if somebody else does."""
        lock = os.open(self._evidence / f"lock-{run.holds}", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except BlockingIOError:
            alone = False
        self._note("start", holds=run.holds, token=run.token, fence=run.fence, alone=alone)
        yield
        self._note("end", token=run.token)
        os.close(lock)

    def _hold(self, run: Run) -> None:
        """Renew for as long as the run takes, or let go when that cannot be done."""
        is_long = self._rng.random() < LONG_HOLDS
        until = uptime() + self._rng.uniform(0, 8.0 if is_long else 0.01)
        confirmed = run.claimed_uptime
        while uptime() < until and uptime() - confirmed < FENCE_SECONDS:
            time.sleep(min(RENEW_SECONDS, max(0.0, until - uptime())))
            sent = uptime()
            if sent >= until and not is_long:
                return
            try:
                if not lease.renew(DATABASE, run.slot, [run.token]):
                    self._note("lost", token=run.token)
                    return
                confirmed = sent
            except HICCUPS:
                connection.close()

    def _record(self, run: Run) -> None:
        outcome = ending.outcome_of(run, Status.SUCCEEDED, "", uptime=uptime())
        while True:
            try:
                ours = ending.close(run, outcome)
                break
            except HICCUPS:
                connection.close()
        self._note("recorded", token=run.token, ours=ours)
        if self._rng.random() < 0.1 and lease.renew(DATABASE, run.slot, [run.token]):
            self._note("revived", token=run.token)

    def _ask_for_more(self) -> None:
        """As people and time do: requests to run, occurrences whose time has come, edits."""
        table = self._rng.choice((Job.objects.exclude(hostname=ALL_HOSTS), JobHost.objects.all()))
        idle = list(table.filter(is_running=False).values_list("pk", "fence"))
        for pk, fence in self._rng.sample(idle, min(2, len(idle))):
            row = table.filter(pk=pk, fence=fence, is_running=False)
            if self._rng.random() < 0.5:
                row.update(force_run=True)
            else:
                when = FIRST_OCCURRENCE + timedelta(seconds=fence)
                row.update(next_run=when, next_occurrence=when, attempt=0)
        if self._rng.random() < 0.05:
            job = self._rng.choice(Job.objects.values_list("pk", flat=True))
            Job.objects.filter(pk=job).update(revision=F("revision") + 1)
            # A host that has no row of a job yet gets one when the job itself is due.
            everywhere = Job.objects.filter(hostname=ALL_HOSTS)
            everywhere.update(next_run=FIRST_OCCURRENCE, next_occurrence=FIRST_OCCURRENCE)

    def _note_refusal(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "could not be claimed" in text:
            self._note("refused", text=text)
        return True

    def _note(self, mark: str, **facts: Any) -> None:
        line = json.dumps({"mark": mark, "pid": os.getpid(), **facts}) + "\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        ledger = os.open(self._evidence / "ledger", flags, 0o600)
        os.write(ledger, line.encode())
        os.close(ledger)


def race(settings: dict[str, Any], evidence: Path, seed: str, *, is_naive: bool) -> int:
    """Take part in a race as a process of the host these settings are of."""
    _prepare(settings)
    if is_naive:
        _claim_naively()
    Claimant(evidence, random.Random(seed)).race()  # noqa: S311
    return 0


def recover(settings: dict[str, Any]) -> int:
    """What a tick of the host does first: put right what the dead have left."""
    _prepare(settings)
    now = database_now(DATABASE)
    Recovery(DATABASE).recover(now)
    clear_up(DATABASE, now)
    return 0


def _prepare(settings: dict[str, Any]) -> None:
    for name, value in {**settings, "CHRONIKER_RENEW_SECONDS": RENEW_SECONDS}.items():
        setattr(project, name, value)
    recovery.looks_apart = lambda: LOOKS_APART_SECONDS
    if connection.vendor == "sqlite":
        connection.settings_dict["OPTIONS"] |= {
            "timeout": SQLITE_WAITS_SECONDS,
            "init_command": "PRAGMA synchronous = OFF",  # processes die here, machines do not
        }


class _Unguarded:
    """Rows of a claim that looked first and now writes, whatever has happened in between."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def unchanged(self, job: Job) -> _Unguarded:
        return _Unguarded(self._rows.filter(pk=job.host_row or job.pk))

    def idle(self) -> _Unguarded:
        return self

    def of_enabled(self) -> _Unguarded:
        return self

    def filter(self, **_: Any) -> _Unguarded:
        return self

    def update(self, **values: Any) -> int:
        return int(self._rows.update(**values))


def _claim_naively() -> None:
    """Take the conditions off the claim, and the second guard off its log."""

    def rows(database: str, slot: str) -> _Unguarded:
        return _Unguarded(claims.rows(database, slot))

    real_log = claiming._log_of

    def log_of(run: Run, job: Job) -> dict[str, Any]:
        return {**real_log(run, job), "active_for": None, "scheduled_for": None}

    stand_in = SimpleNamespace(rows=rows, open_but_not_held=claims.open_but_not_held)
    vars(claiming).update(claims=stand_in, _log_of=log_of)
