"""Which pauses hold which jobs now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chroniker.models.job import Job
from chroniker.models.pause import Pause
from chroniker.moments import to_instant


@dataclass(frozen=True, kw_only=True)
class Held:
    """Why a job is paused, and until when (UTC; None: until somebody ends the pause)."""

    reason: str
    until: datetime | None
    pause_id: int


class Pauses:
    """The pauses that hold at one moment."""

    def __init__(self, pauses: list[Pause]) -> None:
        self._pauses = pauses

    @classmethod
    def read(cls, database: str, now: datetime) -> Pauses:
        """Those of this database at this moment."""
        return cls(list(Pause.objects.using(database).active(now)))

    def expect(self, jobs: Iterable[Job]) -> None:
        """These are asked about next."""

    def holding(self, job: Job) -> Held | None:
        """What pauses this job; None if nothing does."""
        for pause in self._pauses:
            if pause.job_id in (None, job.pk):
                return Held(
                    reason=f"paused: {pause}", until=to_instant(pause.ends_at), pause_id=pause.pk
                )
        return None
