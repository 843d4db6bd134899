"""Runs that an earlier program in this very process started, before a HUP replaced it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from chroniker import settings
from chroniker.dispatch.recovery import run_of
from chroniker.host import boot_id
from chroniker.models import claims
from chroniker.models.database_clock import database_now
from chroniker.runs import processes
from chroniker.runs.adopted import AdoptedProcess
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.live import LiveRun
from chroniker.runs.spool import Spool


def children_of_this_process(database: str) -> Iterator[LiveRun]:
    """The runs whose watcher is this process, by pid and creation time."""
    me = (os.getpid(), processes.created(os.getpid()))
    here = (settings.hostname(), boot_id())
    for job in claims.all_running(database):
        if not job.claim_token or (job.current_hostname, job.boot_id) != here:
            continue
        spool = Spool.of(job.lock_file)
        pid = spool.read_process()
        if spool.read_watcher() == me and pid is not None:
            try:
                confirmation = Confirmation(spool.folder)
                process = AdoptedProcess(pid)
            except OSError:
                continue  # not our child after all; it records its end itself, or is recovered
            yield LiveRun(run_of(job, database_now(database)), process, confirmation)
