"""What runs left on this host: logs that nobody ends any more, and folders in the spool."""

from __future__ import annotations

import logging
import os
from datetime import datetime

from django.db import connections

from chroniker.constants import Status
from chroniker.models import JobHost, Log, claims
from chroniker.models.hiccups import HICCUPS
from chroniker.runs import capture, processes, record
from chroniker.runs.masking import Masking
from chroniker.runs.outcome import of_exit
from chroniker.runs.printed import Printed
from chroniker.runs.spool import Result, Spool
from chroniker.spool_root import root

logger = logging.getLogger("chroniker.recovery")


def clear_up(database: str, now: datetime) -> None:
    """End logs whose claim was given up, and take what is left in the spool of ended runs.

    Rows of hosts whose job was deleted past us go as well.

    A folder stays behind if its host or its process died between the recorded end and the
    removal, or if another host recorded the run as lost. What was printed goes to the log then.
    """
    try:
        abandoned = JobHost.objects.using(database).abandoned()
        if abandoned.exists():  # a DELETE would lock SQLite's file for nothing
            abandoned.delete()
        for log in claims.open_but_not_held(database):
            record.give_up(log, now)
        for folder in _left_alone(database):
            _bring_in(database, folder)
    except HICCUPS as error:
        logger.warning("what is left of ended runs stays for now: %s", error)
        connections[database].close_if_unusable_or_obsolete()


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
    """Whether the process that watched it is gone."""
    watcher = spool.read_watcher()
    return watcher is None or not processes.is_alive(*watcher)


def _bring_in(database: str, spool: Spool) -> None:
    logs = Log.objects.using(database).select_related("job")
    log = logs.ended().filter(token=spool.folder.name).first()
    if log is None:
        return  # another project's, for all we know
    me = os.getpid()
    if not spool.take_over(me, processes.created(me), is_free=lambda: _is_free(spool)):
        return  # another scheduler of this host was faster
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
    spool.remove()


def _late_outcome(result: Result | None) -> str:
    """What the folder says of the run's end; '' if that is nothing."""
    if result is None:
        return ""
    status, reason = result.status, result.reason
    if not status:
        status, reason = of_exit(result.exit_code or 0, complained=result.complained)
    return f"{status}: {reason}".rstrip(": ")
