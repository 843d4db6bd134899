"""What runs left on this host: logs that nobody ends any more, and folders in the spool."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from datetime import datetime

from django.db import connections

from chroniker.constants import Status
from chroniker.models import JobHost, Log, claims
from chroniker.models.hiccups import HICCUPS
from chroniker.runs import capture, processes, record
from chroniker.runs.masking import Masking
from chroniker.runs.outcome import of_exit
from chroniker.runs.printed import Printed
from chroniker.runs.spool import LONGEST_REASON, Result, Spool
from chroniker.spool_root import root

logger = logging.getLogger("chroniker.recovery")


@dataclass(frozen=True, kw_only=True)
class Untold:
    """A run that somebody recorded, but died before people were told of it."""

    database: str
    log_id: int
    lock_file: str


def clear_up(database: str, now: datetime) -> list[Untold]:
    """End logs whose claim was given up, and take what is left in the spool of ended runs.

    Rows of hosts whose job was deleted past us go as well.

    A folder stays behind if its host or its process died between the recorded end and the
    removal, or if another host recorded the run as lost. What was printed goes to the log then.
    Returns the runs people are still to be told of; who tells them removes the folders.
    """
    untold: list[Untold] = []
    try:
        abandoned = JobHost.objects.using(database).abandoned()
        if abandoned.exists():  # a DELETE would lock SQLite's file for nothing
            abandoned.delete()
        for log in claims.open_but_not_held(database):
            record.give_up(log, now)
        for folder in _left_alone(database):
            untold += _bring_in(database, folder)
    except HICCUPS as error:
        logger.warning("what is left of ended runs stays for now: %s", error)
        connections[database].close_if_unusable_or_obsolete()
    return untold


def _left_alone(database: str) -> list[Spool]:
    """The folders of runs that nobody claims, watches or carries out."""
    try:
        folders = {entry.name: Spool(entry) for entry in root().iterdir() if entry.is_dir()}
    except OSError:
        return []
    if not folders:
        return []
    # A claim is made before its folder, so a folder without a claim has none any more.
    for token in claims.tokens(database):
        folders.pop(token, None)
    return [folder for folder in folders.values() if not _is_in_use(folder)]


def _is_in_use(spool: Spool) -> bool:
    looked_after = not _is_free(spool)
    return bool(looked_after or spool.is_locked() or processes.first_of(spool) is not None)


def _is_free(spool: Spool) -> bool:
    """Whether the processes that watched it, and told of it, are gone."""
    known = (spool.read_watcher(), spool.read_teller())
    return not any(one is not None and processes.is_alive(*one) for one in known)


def _bring_in(database: str, spool: Spool) -> list[Untold]:
    logs = Log.objects.using(database).select_related("job")
    log = logs.ended().filter(token=spool.folder.name).first()
    if log is None:
        return []  # another project's, for all we know
    me = os.getpid()
    if not spool.take_over(me, processes.created(me), is_free=lambda: _is_free(spool)):
        return []  # another scheduler of this host was faster
    result = spool.read_result()
    printed = Printed(spool)
    try:
        output = capture.read_all(
            printed,
            stdout=log.job.log_stdout,
            stderr=log.job.log_stderr,
            masking=Masking(log.job.environment, spool),
            unwritten=result.unwritten if result else (0, 0),
        )
    finally:
        printed.close()
    record.note_late(log, _late_outcome(result) if log.status == Status.LOST else "", output)
    if result is not None and result.tells and _is_of(result, log):
        if spool.read_teller() is None:
            return [Untold(database=database, log_id=log.pk, lock_file=str(spool.heartbeat))]
        # Once more would be twice for those who have been told already.
        logger.error("run=%s perhaps not everybody was told of its end: who did so died", log.pk)
    spool.remove()
    return []


def _is_of(result: Result, log: Log) -> bool:
    """Whether this end is the recorded one; else another host recorded it, and told of it."""
    return (result.status, result.reason) == (log.status, (log.reason or "")[:LONGEST_REASON])


def _late_outcome(result: Result | None) -> str:
    """What the folder says of the run's end; '' if that is nothing."""
    if result is None:
        return ""
    status, reason = result.status, result.reason
    if not status:
        status, reason = of_exit(result.exit_code or 0, complained=result.complained)
    return f"{status}: {reason}".rstrip(": ")
