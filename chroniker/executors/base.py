"""The seam between claiming a run and carrying it out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chroniker.runs.run import Run


class Executor(ABC):
    """Carries out claimed runs, here or elsewhere.

    An executor promises that the run is carried out and recorded once, and returns; a remote one
    sends no more than the run's log id and token.
    """

    claimed_at_once = 8
    """So many runs are claimed before they are launched: connections are closed for a launch."""

    def lock_file(self, token: str) -> str:
        """Where the run with this token will have its lock file; '' where that is not known."""
        return ""

    @abstractmethod
    def launch(self, run: Run) -> None:
        """See to it that this run is carried out. Raises ChronikerError or OSError if it can't."""
