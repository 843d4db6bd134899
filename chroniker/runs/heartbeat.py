"""The sign of life of a run, from inside its process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from chroniker.context import Progress
from chroniker.runs.spool import Spool, write_progress
from chroniker.runs.usage import Meter

logger = logging.getLogger("chroniker.heartbeat")

SECONDS = 1.0
"""How often the lock file is touched and progress is written."""


class Heartbeat(threading.Thread):
    """Writes progress and usage and (unless not ``touches``) touches the lock file each second.

    ``each_beat`` is called after that, and returns how many seconds it can wait for the next
    call; it must not wait for the database. If it raises, the heartbeat goes on.
    """

    def __init__(
        self,
        spool: Spool,
        progress: Progress,
        each_beat: Callable[[], float],
        *,
        meter: Meter,
        touches: bool,
    ) -> None:
        super().__init__(name="chroniker-heartbeat", daemon=True)
        self._spool = spool
        self._progress = progress
        self._each_beat = each_beat
        self._meter = meter
        self._touches = touches
        self._ended = threading.Event()
        self._seen = 0

    def run(self) -> None:
        """Beat until :meth:`end` is called."""
        pause = SECONDS
        while not self._ended.wait(pause):
            try:
                if self._touches:
                    self._spool.touch()
                self.write_facts()
                pause = self._each_beat()
            except MemoryError:  # the run's limit; to log it would take more
                pause = SECONDS
            except Exception:
                logger.exception("a beat failed")
                pause = SECONDS
            if not 0 < pause < SECONDS:
                pause = SECONDS

    def end(self) -> None:
        """Stop at once and write the last facts."""
        self._ended.set()
        if self.is_alive():
            self.join()
        self.write_facts()

    def write_facts(self) -> None:
        """Write usage, and the progress if it has changed, to the spool."""
        self._spool.write_usage(self._meter.read())
        changed = self._progress.changed
        if changed != self._seen:
            self._seen = changed
            try:
                with self._spool.progress_writer() as descriptor:
                    write_progress(descriptor, *self._progress.snapshot())
            except OSError:
                return  # the spool is gone or the disk is full: the run itself goes on
