"""Runs whose watcher died: recorded with what is known of their end, and made up for."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psutil
from django.db import connections, transaction

from chroniker import settings, signals
from chroniker.constants import BAD_ENDS, Status, Trigger
from chroniker.fingerprint import of_failure
from chroniker.host import boot_id, uptime
from chroniker.models import Job, Log, claims
from chroniker.models.announcing import announce_once_committed
from chroniker.models.database_clock import database_now
from chroniker.models.hiccups import HICCUPS
from chroniker.moments import to_instant, to_stored
from chroniker.runs import capture, ending, lease, processes, record
from chroniker.runs.outcome import Outcome
from chroniker.runs.run import Run
from chroniker.runs.spool import Spool
from chroniker.spool_root import root

logger = logging.getLogger("chroniker.recovery")

TAKEOVER_GRACE_SECONDS = 15
"""How long after its lease another host's run is first looked at."""

KILLED_WITHIN_SECONDS = 2
"""How long a killed tree is waited for; if it needs longer, the next tick sees to it."""


@dataclass(frozen=True, kw_only=True)
class _Look:
    heartbeat_count: int
    uptime: float


class Recovery:
    """Finds lost runs. Keeps what it saw of other hosts' runs from one look to the next."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._looks: dict[str, _Look] = {}

    @property
    def is_waiting(self) -> bool:
        """Whether a second look at another host's run is due later."""
        return bool(self._looks)

    def recover(self, now: datetime, watched: Collection[str] = ()) -> list[tuple[Run, Outcome]]:
        """Record every run that is certainly lost; returns those. One bad row stops no other.

        Runs with ``watched`` tokens are the caller's own: it would know if they were.
        """
        recovered: list[tuple[Run, Outcome]] = []
        seen: set[str] = set()
        for job in claims.all_running(self._database, but=watched):
            try:
                if job.claim_token and self._is_lost(job, now, seen):
                    recovered += close_lost(job, now)
                elif not job.claim_token and settings.CHRONIKER_AUTO_END_STALE_JOBS:
                    _close_unclaimed(job, now)
            except Exception:
                logger.exception("job=%s its run cannot be recovered", job.pk)
                connections[self._database].close_if_unusable_or_obsolete()
        self._looks = {token: look for token, look in self._looks.items() if token in seen}
        return recovered

    def _is_lost(self, job: Job, now: datetime, seen: set[str]) -> bool:
        if job.current_hostname == settings.hostname():
            spool = Spool.of(job.lock_file)
            if job.boot_id == boot_id():
                return self._is_lost_here(job, spool, now, seen)
            if job.lock_file and spool.exists() and not spool.is_locked():
                return True  # our own folder, from another boot: this host was restarted
        return self._is_silent(job, now, seen)

    def _is_lost_here(self, job: Job, spool: Spool, now: datetime, seen: set[str]) -> bool:
        """This host's run: the kernel lock tells, and where there is none, the process itself."""
        locked = spool.is_locked() if job.lock_file else None
        if locked is False:
            watcher = spool.read_watcher()
            if watcher is None or not processes.is_alive(*watcher):
                return processes.first_of(spool) is None  # it may have closed the locked file
            # A living watcher is about to record the end itself, and knows more of it.
        elif locked is None and not _process_lives(job) and not _tree(job, spool):
            return True
        # Something of it lives. It is ended only if nobody looks after it any more, and the
        # lease alone can't tell: the database's clock may have been set.
        return self._is_silent(job, now, seen) and _ends_now(job, spool)

    def _is_silent(self, job: Job, now: datetime, seen: set[str]) -> bool:
        """Whether its lease is over, and two looks found the same heartbeat.

        The looks lie apart by this process's own clock, so that a jump of the database's clock
        takes no run from a host that is alive. From the second on nobody can renew it any more.
        """
        if job.lease_expires is None:
            return True  # whoever was taking it over may have died
        token, lasts = job.claim_token or "", timedelta(seconds=settings.CHRONIKER_LOCK_TIMEOUT)
        expires = datetime.fromtimestamp(job.lease_expires / 1000, UTC)
        over = expires + timedelta(seconds=TAKEOVER_GRACE_SECONDS) < now
        if not over and expires <= now + 2 * lasts:
            return False
        seen.add(token)
        first = self._looks.get(token)
        if first is None or first.heartbeat_count != job.heartbeat_count:
            self._looks[token] = _Look(heartbeat_count=job.heartbeat_count, uptime=uptime())
            return False
        return uptime() - first.uptime >= looks_apart() and lease.withdraw(job)


def looks_apart() -> float:
    """Seconds between two looks at a run that is silent: a whole lease, by our own clock.

    A run that is not renewed for so long has ended itself, whichever clock its lease was counted
    by: the database's may have been set, so that the lease seems to be over, or never to end.
    """
    lasts: float = settings.CHRONIKER_LOCK_TIMEOUT
    return lasts


def _ends_now(job: Job, spool: Spool) -> bool:
    """Kill what is left of a run on this host; whether it is gone."""
    killed = _kill_here(job)
    give_up = uptime() + KILLED_WITHIN_SECONDS
    while not (gone := not spool.is_locked() and processes.are_gone(killed)) and uptime() < give_up:
        time.sleep(0.02)
    return gone


def _process_lives(job: Job) -> bool:
    pid = job.current_pid or ""
    if not pid.isdecimal() or job.current_pid_created is None:
        return False
    return processes.is_alive(int(pid), job.current_pid_created)


def close_lost(job: Job, now: datetime) -> list[tuple[Run, Outcome]]:
    """Record the end of a run nobody watches: its own result, or that it is lost.

    Returns nothing if somebody else was faster.
    """
    run = run_of(job, now)
    outcome = ending.outcome_of_exit(run, uptime=uptime())
    with _watched_by_us(Spool.of(run.lock_file)):
        if not _close(run, outcome):
            return []
    if not run.log_id:  # marked as running by code: the claim had none
        log = _log_of_claim(job, now, status=outcome.status, reason=outcome.reason)
        run = run.with_log(log.pk)
    logger.warning("run=%s job=%s recovered: %s", run.log_id, run.job_id, outcome.status)
    return [(run, outcome)]


@contextmanager
def _watched_by_us(spool: Spool) -> Iterator[None]:
    """Name us in the folder, or another tick takes it for left behind once the end is recorded.

    An end that cannot be recorded now is anybody's again.
    """
    before = spool.read_watcher()
    if before is None:
        yield
        return
    with suppress(OSError):
        spool.write_watcher(os.getpid(), processes.created(os.getpid()))
    try:
        yield
    except BaseException:
        with suppress(OSError):
            spool.write_watcher(*before)
        raise


def _close(run: Run, outcome: Outcome) -> bool:
    try:
        return ending.close(run, outcome)
    except HICCUPS:
        # Perhaps the output is more than the database takes at once.
        connections[run.database].close_if_unusable_or_obsolete()
        return ending.close(run, outcome, limit=capture.LIVE_BYTES)


def end_stale(database: str) -> None:
    """Record every stale run as lost, after ending what is left of it on this host."""
    now = database_now(database)
    for job in Job.objects.using(database).stale(now):
        if not job.claim_token:
            _close_unclaimed(job, now)
            continue
        if not lease.withdraw(job):
            continue  # it has shown a sign of life just now
        if job.current_hostname == settings.hostname() and job.lock_file:
            _kill_here(job)
        close_lost(job, now)


def _kill_here(job: Job) -> list[psutil.Process]:
    """Kill the run's own processes, and name them; never its watcher, which may have others."""
    tree = _tree(job, Spool.of(job.lock_file))
    processes.send(tree, signal.SIGKILL)
    return tree


def _tree(job: Job, spool: Spool) -> list[psutil.Process]:
    """The run's own processes on this host, also if its folder has been removed."""
    if spool.folder.parent != root():
        return []  # mark_running() takes any path: what lies beside it is not the run's
    pid = processes.first_of(spool)
    created = None if pid is None else processes.created(pid)
    return processes.of_run(job.claim_token or "", spool.folder, pid, created)


def _close_unclaimed(job: Job, now: datetime) -> None:
    """A row that 1.x left as running: 1.x's own rule, no heartbeat for some minutes."""
    heartbeat = to_instant(job.last_heartbeat)
    limit = timedelta(minutes=settings.CHRONIKER_STALE_MINUTES)
    if heartbeat is not None and now - heartbeat < limit:
        return
    database = str(job._state.db)
    running = Job.objects.using(database).filter(pk=job.pk, is_running=True)
    unclaimed = running.filter(claim_token__isnull=True)
    with transaction.atomic(using=database):
        if unclaimed.update(is_running=False, last_run_successful=False, lock_file=""):
            reason = f"no heartbeat for {settings.CHRONIKER_STALE_MINUTES} minutes"
            log = _log_of_claim(job, now, status=Status.LOST, reason=reason)
            record.note_end(database, job, log.pk, Status.LOST, reason, now=now)


def _log_of_claim(job: Job, now: datetime, *, status: Status, reason: str) -> Log:
    """The log of a claim that came without one: it failed, and has ended now."""
    log: Log = Log.objects.using(job._state.db).create(
        job_id=job.pk,
        run_start_datetime=job.last_run_start_timestamp or to_stored(now),
        run_end_datetime=to_stored(now),
        hostname=job.current_hostname,
        success=False,
        status=status,
        reason=reason,
        fingerprint=of_failure(status, reason, "") if status in BAD_ENDS else None,
    )
    announce_once_committed(signals.run_finished, log._state.db or "default", log.pk)
    return log


def run_of(job: Job, now: datetime) -> Run:
    """The run as its claim made it, from the rows."""
    log = Log.objects.using(job._state.db).filter(token=job.claim_token).first()
    claimed = to_instant(job.last_run_start_timestamp) or now
    occurrence = to_instant(log.scheduled_for) if log else None
    return Run.of(
        job,
        log_id=log.pk if log else 0,
        token=job.claim_token or "",
        fence=job.fence,
        trigger=(log.trigger if log else None) or Trigger.SCHEDULE,
        attempt=log.attempt if log else 1,
        claimed=claimed,
        claimed_uptime=uptime() - max(0.0, (now - claimed).total_seconds()),
        scheduled_for=occurrence or claimed,
        occurrence=occurrence,
        hostname=job.current_hostname or "",
        lock_file=job.lock_file,
        backfill_id=log.backfill_id if log else None,
    )
