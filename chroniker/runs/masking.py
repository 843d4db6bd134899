"""The secrets of one run, for whoever reads what it has printed. They are in memory only."""

from __future__ import annotations

from contextlib import suppress

from chroniker import environment
from chroniker.environment import Reference
from chroniker.exceptions import InvalidEnvironment
from chroniker.mask import Mask
from chroniker.runs.spool import Spool


class Masking:
    """Knows how to hide what the references in a job's environment stood for in this run.

    They are looked up at once, for a file or a setting can have changed by the time the run ends.
    The run's own process leaves a mark in the spool; where it shows that the run was given other
    secrets, they are not known.
    """

    def __init__(self, text: str, spool: Spool, mask: Mask | None = None) -> None:
        """``text`` is the job's environment; ``mask`` is for who has given the run its secrets."""
        self._text = text
        self._spool = spool
        self._mask = mask
        self._is_certain = mask is not None
        if mask is None:
            with suppress(InvalidEnvironment):  # it is tried again once there is output
                self._mask = _look_up(text)

    def mask(self) -> Mask:
        """What hides the secrets. Raises InvalidEnvironment if they are not known (any more)."""
        if self._is_certain and self._mask is not None:
            return self._mask
        mark = self._spool.read_secrets()
        if self._mask is None or (mark and not self._mask.fits(mark)):
            self._mask = _look_up(self._text)
        if mark and not self._mask.fits(mark):
            raise InvalidEnvironment("they have changed since the run began")
        self._is_certain = bool(mark)
        return self._mask


def _look_up(text: str) -> Mask:
    lines = environment.parse(text)
    references = [value for _name, value in lines if isinstance(value, Reference)]
    return Mask.of(map(environment.resolve, references))
