"""The fence of a run that looks after itself: it ends while its lease still holds.

Asks nobody: neither the database, which may not answer, nor the scheduler, which may be frozen.
"""

from __future__ import annotations

from chroniker import settings
from chroniker.host import uptime
from chroniker.runs.confirmation import Confirmation

WAKING_SECONDS = 3.0
"""A process that was frozen, or whose machine slept, leaves its scheduler so long to renew first.

As a lease can run out meanwhile anyway, and a claim that nobody else has taken goes on.
"""


class Fence:
    """Tells when a run has to end because its claim was not confirmed in time.

    :meth:`is_reached` has to be asked each second or so; a longer pause shows that we slept.
    """

    def __init__(self, confirmation: Confirmation) -> None:
        self.confirmation = confirmation
        self._asked = uptime()
        self._patient_until = 0.0

    def is_reached(self) -> bool:
        """Whether the run has to end now."""
        now = uptime()
        if now - self._asked > WAKING_SECONDS:
            self._patient_until = now + WAKING_SECONDS
        self._asked = now
        return self.confirmation.is_too_old and now >= self._patient_until

    def seconds_left(self) -> float:
        """How long until it can be reached."""
        end = self.confirmation.sent + settings.fence_seconds()
        return max(end, self._patient_until) - uptime()

    @property
    def reason(self) -> str:
        """Why the run ended, in words."""
        silent = uptime() - self.confirmation.sent
        return f"its scheduler was silent for {silent:.0f} s, or could not reach the database"
