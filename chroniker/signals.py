"""Signals about runs, pauses and hosts.

Each is sent after what it tells has been stored and committed; about runs, in the process that
watches the run (``cron``, ``cronserver``, a worker, the caller of ``Job.run()``; if the watcher has
died, the job's own process or the tick that finds the run). Their sender is then the class
``chroniker.models.Job``. A receiver that raises is logged and disturbs neither the run nor the
other receivers; one that takes long delays the other runs of its process.
"""

from __future__ import annotations

import logging
from typing import Any

from django.dispatch import Signal

logger = logging.getLogger("chroniker.signals")

run_started = Signal()
"""A run was claimed and is being carried out. Arguments: ``job``, ``log``, ``status`` (running).

Not sent for a run that could not be started: that one has only an end.
"""

run_finished = Signal()
"""A run has ended, however. Arguments: ``job``, ``log``, ``status`` (how it ended)."""

run_skipped = Signal()
"""An occurrence will not run. Arguments: ``job``, ``log``, ``status`` (skipped); the log's
reason says why."""

scheduler_paused = Signal()
"""Somebody has made a pause, by command or in the admin; it may begin later. The sender is the
class ``chroniker.models.Pause``. Argument: ``pause``."""

scheduler_resumed = Signal()
"""Somebody has ended a pause before its time, or taken it back. The sender and the argument are the
same. A pause that ends by itself is not told: nothing happens at that moment."""

host_silent = Signal()
"""A host that has looked for due jobs before has stopped to. Sent once for each silence, by whoever
notices it: another host's tick, the web process, or the host's own next tick. The sender is the
class ``chroniker.models.Host``. Arguments: ``host``, and ``last_tick`` (aware, in UTC)."""


def send(signal: Signal, sender: type[Any], about: str, **facts: Any) -> None:
    """Send a signal about this; what a receiver raises goes to our log, with ``about``."""
    for receiver, answer in signal.send_robust(sender, **facts):
        if isinstance(answer, Exception):
            logger.error("%s receiver %s failed", about, receiver, exc_info=answer)
