"""Here and now, one run after the other: for ``--sync``, ``Job.run()`` and tests."""

from __future__ import annotations

from collections.abc import Callable

from chroniker.executors.base import Executor
from chroniker.runs import inline, spool
from chroniker.runs.outcome import Outcome
from chroniker.runs.run import Run


class InlineExecutor(Executor):
    """Carries out each run in the calling process before ``launch`` returns."""

    claimed_at_once = 1  # each run is over before the next is launched

    def __init__(
        self, on_end: Callable[[Run, Outcome], None] | None = None, *, echo: bool = False
    ) -> None:
        self._on_end = on_end
        self._echo = echo

    def lock_file(self, token: str) -> str:
        """In the run's spool."""
        return spool.lock_file_of(token)

    def launch(self, run: Run) -> None:
        """Carry it out and record it."""
        outcome = inline.carry_out(run, echo=self._echo)
        if self._on_end is not None:
            self._on_end(run, outcome)
