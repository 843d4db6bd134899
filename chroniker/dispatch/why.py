"""Why a job does not run now: what the next tick would find, by the tick's own gates."""

from __future__ import annotations

from datetime import datetime

from chroniker.dispatch.gates import Gate, Situation, gates_of
from chroniker.dispatch.line import Selection
from chroniker.dispatch.tick import judged
from chroniker.models import Job


def why_not_running(job: Job, now: datetime, *, by_hand: bool | None = None) -> list[Gate]:
    """Every gate of this job as a tick of this host would find it now; changes nothing.

    Those that would start before it count as started. ``by_hand`` asks for a run that somebody
    wants now; by default only if somebody has asked for one already.
    """
    database = job._state.db or "default"
    if by_hand is None:
        for other, gates in judged(database, Situation.read(database, now), Selection()):
            if other.pk == job.pk:
                return gates
    return gates_of(job, Situation.read(database, now), by_hand=by_hand)
