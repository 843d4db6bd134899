"""What keeps a job from starting, as the rules have it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.rules.jobs import Need
from tests.rules.state import State

NOT_IN_LINE = {"disabled", "host", "running", "time", "retry"}
"""Who is not looked at in a pass."""

IN_VAIN = {"window", "misfire", "dependency", "key", "capacity"}
"""What a job that is not active any more does not wait for."""

PERHAPS = "perhaps"


class Situation:
    """All jobs and pauses."""

    def __init__(self, capacity: int) -> None:
        self.states: dict[str, State] = {}
        self.pauses: list[tuple[str, datetime, datetime | None]] = []
        """The job ('' for all), from when, and until when."""
        self._capacity = capacity

    def obstacles(self, state: State, host: str, now: datetime) -> set[str]:
        """Why no run of it may start now on this host; nothing, if one must.

        With only PERHAPS it may be started or not.
        """
        found = {
            "disabled": not state.enabled,
            "window": not (state.forced or state.spec.active.holds(now)),
            "host": state.spec.hostname not in ("", host),
            "paused": self.is_paused(state, now),
            "running": state.run is not None,
            "dependency": any(self._is_unmet(need, state, now) for need in state.spec.needs),
            PERHAPS: any(self._is_open(need, now) for need in state.spec.needs),
            "key": bool(state.spec.key) and state.spec.key in self._keys(),
            "capacity": not self._fits(state, host),
        }
        because = {name for name, holds in found.items() if holds}
        return because if state.forced else because | set(self._too_early(state, now))

    def is_to_leave_out(self, state: State, because: set[str], now: datetime) -> bool:
        """Whether what it has missed is not run any more, with this in its way."""
        if state.spec.active.is_before(now) and "window" in because:
            return not because - IN_VAIN - {PERHAPS} and bool(state.left_out(now))
        return because == {"misfire"}

    def is_paused(self, state: State, now: datetime) -> bool:
        """Whether nothing of it may start."""
        return any(
            job in ("", state.spec.name) and begin <= now and (end is None or now < end)
            for job, begin, end in self.pauses
        )

    def _too_early(self, state: State, now: datetime) -> Iterator[str]:
        if state.spec.kind == "chained" and self.link(state) is not None:
            return
        if state.due is None or state.due > now:
            yield "time"
        elif state.retry_at is not None and state.retry_at > now:
            yield "retry"
        elif state.misfired(now):
            yield "misfire"

    def _is_unmet(self, need: Need, state: State, now: datetime) -> bool:
        other = self.states[need.name]
        _, tries = state.next_try(now)
        due, ahead = state.next_due(now), other.next_due(now)
        if (need.completion and other.run is not None) or (need.success and not other.well):
            return True
        if need.fresh and not tries and not _is_later(other.succeeded, state.started):
            return True
        if state.spec.kind == "chained":
            return due is None and self.new_end(need, state) is None
        return need.next_run and (ahead is None or due is None or ahead < due)

    def _is_open(self, need: Need, now: datetime) -> bool:
        """Whether it depends on a run that is superseded, and nobody may have noticed that yet."""
        return need.next_run and self.states[need.name].is_superseded(now)

    def new_end(self, need: Need, state: State) -> datetime | None:
        """When the job it waits for ended as wanted, if that was since its own last start."""
        other = self.states[need.name]
        ended = other.succeeded if need.success or need.fresh else other.ended
        since = max(state.started or state.made, state.made)
        return ended if _is_later(ended, since) else None

    def link(self, state: State) -> datetime | None:
        """When the last of those that a chained job waits for ended; None if not all have."""
        ends = [self.new_end(need, state) for need in state.spec.needs]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    def _keys(self) -> set[str]:
        return {state.spec.key for state in self.states.values() if state.run is not None}

    def _fits(self, state: State, host: str) -> bool:
        carried = sum(
            one.spec.weight
            for one in self.states.values()
            if one.run is not None and one.run.host == host
        )
        return not state.spec.weight or carried + state.spec.weight <= self._capacity


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)
