"""Signals about runs. The sender is always the class ``chroniker.models.Job``.

They are sent in the process that watches the run (``cron``, ``cronserver``, a worker), after what
they tell has been stored. A receiver that raises is logged and disturbs neither the run nor the
other receivers; one that takes long delays the other runs of its process.
"""

from django.dispatch import Signal

run_started = Signal()
"""A run was claimed and is being carried out. Arguments: ``job``, ``log``, ``status`` (running)."""

run_finished = Signal()
"""A run has ended, however. Arguments: ``job``, ``log``, ``status`` (how it ended)."""

run_skipped = Signal()
"""An occurrence will not run. Arguments: ``job``, ``log``, ``status`` (skipped); the log's
reason says why."""
