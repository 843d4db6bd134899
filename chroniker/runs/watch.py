"""The one loop over all live runs of a process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from multiprocessing import connection as waiting
from typing import Any

from django.db import connections

from chroniker import settings
from chroniker.constants import Status
from chroniker.host import uptime
from chroniker.models.hiccups import HICCUPS
from chroniker.runs import capture, ending, lease, publish, record
from chroniker.runs.deadline import DatabaseSilent, deadline
from chroniker.runs.flood import Flood
from chroniker.runs.live import LiveRun, Verdict
from chroniker.runs.outcome import Outcome
from chroniker.runs.run import Run

logger = logging.getLogger("chroniker.watch")

STEP_SECONDS = 1.0
"""How often stop requests are read and new output is looked for, at the least."""

DATABASE_SECONDS = 4.0
"""How long the database may take for one pass; then it counts as not answering."""

FULL_OUTPUT_TRIES = 3
"""So often an end is tried to be recorded with all of its output; then with the newest of it."""


@dataclass
class _Unrecorded:
    live: LiveRun
    outcome: Outcome
    tries: int = 0
    is_kept: bool = False
    """Whether the spool keeps it, also if the power is cut."""


class Watch:
    """Notices ends, publishes output and progress, renews leases, stops and times out.

    Single-threaded: call :meth:`wait`, then :meth:`step`, until :attr:`is_empty`. A fault of one
    run never reaches the others.
    """

    def __init__(self, on_end: Callable[[Run, Outcome], None] | None = None) -> None:
        self._live: dict[str, LiveRun] = {}
        self._unrecorded: list[_Unrecorded] = []
        self._on_end = on_end
        self._looked_at = uptime()
        self._flood = Flood()

    @property
    def is_empty(self) -> bool:
        """Whether nothing runs and nothing is left to record."""
        return not self._live and not self._unrecorded

    @property
    def has_unrecorded(self) -> bool:
        """Whether the end of a run waits for the database to take it."""
        return bool(self._unrecorded)

    @property
    def runs(self) -> list[Run]:
        """The runs that are going on."""
        return [live.run for live in self._live.values()]

    def add(self, live: LiveRun) -> None:
        """Watch this run from now on."""
        self._live[live.run.token] = live
        self._flood.expect()

    def wait(self, timeout: float, *wakers: Any) -> None:
        """Sleep until a process ends, a waker becomes readable, or ``timeout`` seconds pass."""
        sentinels = [live.waker for live in self._live.values() if live.exit_code() is None]
        deadlines = [live.seconds_until_kill() for live in self._live.values()]
        soonest = min([timeout, *(left for left in deadlines if left is not None)])
        if self._live:
            looks = (self.seconds_until_look(), self._flood.seconds_until_look())
            soonest = min(soonest, *looks)
        lingering = len(sentinels) < len(self._live)
        if lingering or (self._live and soonest <= 0):
            soonest = min(timeout, 0.1)
        waiting.wait([*sentinels, *wakers], timeout=soonest)

    def seconds_until_look(self) -> float:
        """How long until the next step that looks after all runs; a whole step without any.

        Who looks at something else as often does so together with it: one awakening, not two.
        """
        if not self._live:
            return STEP_SECONDS
        return max(0.0, self._looked_at + STEP_SECONDS - uptime())

    def step(self) -> None:
        """One pass over all runs: record those that have ended, look after the others."""
        for live in list(self._live.values()):
            if self._guarded(live, live.is_gone):
                del self._live[live.run.token]
                self._unrecorded.append(_Unrecorded(live, self._outcome_of(live)))
        for one in list(self._unrecorded):
            self._record(one)
        is_time = uptime() - self._looked_at >= STEP_SECONDS
        if is_time or not self._flood.seconds_until_look():
            self._flood.look(self._live.values())
        if is_time:
            self._looked_at = uptime()
            self._look_after(list(self._live.values()))

    def end_all(self, reason: str) -> None:
        """Ask every run to end; they have the grace for it."""
        for live in list(self._live.values()):
            self._guarded(live, live.end, Verdict(status=Status.STOPPED, reason=reason))

    def kill_all(self) -> None:
        """End every run at once."""
        for live in list(self._live.values()):
            self._guarded(live, live.kill)

    # Ends

    def _outcome_of(self, live: LiveRun) -> Outcome:
        facts: dict[str, Any] = {"uptime": uptime(), "exit_code": live.exit_code()}
        facts |= {"pid": live.pid, "started": live.started}
        self._guarded(live, live.close)
        if live.verdict is not None:
            return ending.outcome_of(live.run, live.verdict.status, live.verdict.reason, **facts)
        return ending.outcome_of_exit(live.run, printed=live.printed, **facts)

    def _record(self, one: _Unrecorded) -> None:
        run, printed = one.live.run, one.live.printed
        limit = capture.LIVE_BYTES if one.tries >= FULL_OUTPUT_TRIES else None
        patience = self._seconds_until_kill()
        try:
            with deadline(patience):
                ours = ending.close(
                    run,
                    one.outcome,
                    printed=printed,
                    masking=one.live.masking,
                    limit=limit,
                )
        except HICCUPS as error:
            # The outcome waits here, and in the spool, until the database takes it.
            logger.warning("run=%s cannot be recorded yet: %s", run.log_id, error)
            one.tries += patience >= record.SECONDS
            if not one.is_kept:
                one.is_kept = True
                ending.keep_for_later(run, one.outcome)
            connections[run.database].close()
            return
        self._unrecorded.remove(one)
        one.live.forget()
        if ours and self._on_end is not None:
            self._on_end(run, one.outcome)

    def _seconds_until_kill(self) -> float:
        """For how long no run has to be killed; at least a step, for one may be past killing."""
        soonest = [live.seconds_until_kill() for live in self._live.values()]
        return max(STEP_SECONDS, min([left for left in soonest if left is not None], default=inf))

    # Looking after those that go on

    def _look_after(self, live: list[LiveRun]) -> None:
        fence_seconds = settings.fence_seconds()
        # Renewals first: after a long sleep of the machine the claim may well still be ours.
        for (database, slot), runs in _by_table(live).items():
            try:
                self._talk_to_database(database, slot, runs)
            except HICCUPS as error:
                logger.warning("database %s does not answer: %s", database, error)
                connections[database].close()
            for one in runs:
                self._guarded(one, self._enforce_limits, one, fence_seconds)

    def _enforce_limits(self, live: LiveRun, fence_seconds: float) -> None:
        now, limit = uptime(), live.run.timeout_seconds
        if limit and now - live.run.claimed_uptime >= limit:
            reason = f"took longer than {limit} s"
            live.end(Verdict(status=Status.TIMED_OUT, reason=reason))
        if live.confirmation.is_older_than(fence_seconds):
            self._fence(live)
        live.kill_if_overdue()

    def _fence(self, live: LiveRun) -> None:
        """End a run whose claim is not confirmed, unless its own process is about to.

        That one ends its tree in the right order, itself last, and waits for nobody. But a
        command can silence its threads, or put a program in its place.
        """
        grace, result = live.confirmation.grace, live.spool.read_result()
        if grace and result is not None and result.status:
            return
        if grace <= settings.CHRONIKER_KILL_GRACE_SECONDS / 2:
            reason = "the database could not be reached in time"
            live.end(Verdict(status=Status.LOST, reason=reason), grace=grace)

    def _talk_to_database(self, database: str, slot: str, live: list[LiveRun]) -> None:
        tokens = [one.run.token for one in live]
        self._renew(database, slot, live)
        with deadline(DATABASE_SECONDS):
            stopping = lease.asked_to_stop(database, slot, tokens)
        for one in live:
            if one.run.token in stopping:
                by = stopping[one.run.token]
                reason = f"stopped by {by}" if by else "stopped on request"
                self._guarded(one, one.end, Verdict(status=Status.STOPPED, reason=reason))
            self._guarded(one, publish.publish, one, DATABASE_SECONDS)

    def _renew(self, database: str, slot: str, live: list[LiveRun]) -> None:
        """Renew all leases in one UPDATE, once one of them has not been for a while."""
        sent, pause = uptime(), settings.CHRONIKER_RENEW_SECONDS
        if all(sent - one.confirmation.sent < pause for one in live):
            return
        tokens = [one.run.token for one in live]
        try:
            ours = _renewed(database, slot, tokens)
        except DatabaseSilent:
            if uptime() - sent <= DATABASE_SECONDS + STEP_SECONDS:
                raise
            # We were frozen in the midst of it: that says nothing of the database as it is now.
            connections[database].close()
            sent = uptime()
            ours = _renewed(database, slot, tokens)
        for one in live:
            if one.run.token in ours:
                one.confirmation.sent = sent
            else:
                one.end(Verdict(status=Status.LOST, reason="taken over by somebody else"))
                self._guarded(one, one.kill)

    def _guarded(self, live: LiveRun, action: Callable[..., Any], *args: Any) -> Any:
        """Do this for one run; whatever goes wrong stays with that run."""
        try:
            return action(*args)
        except HICCUPS:
            raise  # not this run's fault
        except Exception:
            logger.exception("run=%s watching it failed", live.run.log_id)
            return None


def _renewed(database: str, slot: str, tokens: list[str]) -> set[str]:
    with deadline(DATABASE_SECONDS):
        return lease.renew(database, slot, tokens)


def _by_table(live: Iterable[LiveRun]) -> dict[tuple[str, str], list[LiveRun]]:
    """The runs by what one statement can reach: a database and a slot."""
    grouped: dict[tuple[str, str], list[LiveRun]] = {}
    for one in live:
        grouped.setdefault((one.run.database, one.run.slot), []).append(one)
    return grouped
