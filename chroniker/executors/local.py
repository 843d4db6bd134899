"""The default: a process of its own for every run, on this host."""

from __future__ import annotations

import multiprocessing
import os
from contextlib import suppress
from typing import Any

from django.db import connections

from chroniker import settings, signals
from chroniker.executors.base import Executor
from chroniker.models.announcing import announce
from chroniker.runs import job_process, processes, spool
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.job_process import LockDescriptor
from chroniker.runs.live import LiveRun
from chroniker.runs.run import Run
from chroniker.runs.watch import Watch


class LocalExecutor(Executor):
    """Starts a process for each run and gives it to a watch."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._context: Any = multiprocessing.get_context(settings.start_method())

    def lock_file(self, token: str) -> str:
        """In the run's spool."""
        return spool.lock_file_of(token)

    def launch(self, run: Run) -> None:
        """Start the run's process.

        Every database connection of this process is closed first: a forked process must not
        share one, and what it closes would be closed for us too.
        """
        folder = spool.Spool.of(run.lock_file)
        lock = folder.create(os.getpid(), processes.created(os.getpid()))
        try:
            sent = run.claimed_uptime if run.confirmed_uptime is None else run.confirmed_uptime
            confirmation = Confirmation.make(folder.folder, sent)
            connections.close_all()
            process = self._context.Process(
                target=job_process.main,
                args=(run, LockDescriptor(lock), os.getpid()),
                name=f"chroniker-{run.log_id}",
            )
            process.start()
            with suppress(OSError):  # a full disk; the run itself is well
                folder.write_process(process.pid)
        finally:
            # From here on only the job's tree holds the lock.
            os.close(lock)
        self._watch.add(LiveRun(run, process, confirmation))
        announce(signals.run_started, run.database, run.log_id)
