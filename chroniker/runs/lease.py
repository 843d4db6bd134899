"""The lease of a claim: how long it holds, and its renewal."""

from __future__ import annotations

import threading
from collections.abc import Collection

from django.db import DatabaseError, InterfaceError, connections
from django.db.models import F
from django.db.models.expressions import Combinable

from chroniker import settings
from chroniker.host import uptime
from chroniker.models import Job, JobHostQuerySet, JobQuerySet, claims
from chroniker.models.database_clock import NowMilliseconds, database_now
from chroniker.moments import to_stored
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.run import Run


def expiry() -> Combinable:
    """When a lease taken or renewed now runs out, by the database's clock."""
    return NowMilliseconds() + int(settings.CHRONIKER_LOCK_TIMEOUT * 1000)


def renew(database: str, slot: str, tokens: Collection[str]) -> set[str]:
    """Renew these claims in one UPDATE; returns those that are still ours.

    Does not ask whether a lease still stands: while the token is ours, and the lease was not
    withdrawn, nobody has taken over.
    """
    values = {
        "lease_expires": expiry(),
        "heartbeat_count": F("heartbeat_count") + 1,
        "last_heartbeat": to_stored(database_now(database)),
    }
    held = _held(database, slot, tokens).filter(lease_expires__isnull=False)
    if held.update(**values) == len(tokens):
        return set(tokens)
    return set(filter(None, held.values_list("claim_token", flat=True)))


def withdraw(job: Job) -> bool:
    """Let nobody renew this claim any more; False if somebody has since the job was loaded.

    For who takes a run over because it was silent: its owner may wake at any moment, and begin
    what it had only claimed, or go on. With the lease gone it finds that it has lost the claim.
    """
    held = _held(job._state.db or "default", job.slot, [job.claim_token or ""])
    return bool(held.filter(heartbeat_count=job.heartbeat_count).update(lease_expires=None))


def asked_to_stop(database: str, slot: str, tokens: Collection[str]) -> dict[str, str]:
    """The claims whose run somebody wants to end, and who ('' where unknown).

    A request that names another run (by its fence) is not for this one.
    """
    # All requests, of which there are few: naming many tokens each second costs more.
    stopping = claims.rows(database, slot).filter(force_stop=True, claim_token__isnull=False)
    return {
        str(token): by or ""
        for token, fence, stop_fence, by in stopping.values_list(
            "claim_token", "fence", "stop_fence", "stopped_by"
        )
        if token in tokens and stop_fence in (None, fence)
    }


def _held(database: str, slot: str, tokens: Collection[str]) -> JobQuerySet | JobHostQuerySet:
    return claims.rows(database, slot).filter(claim_token__in=tokens)


RETRY_SECONDS = 1.0
"""How soon a renewal that failed is tried again."""


class Keeper(threading.Thread):
    """Renews the claim of one run from its own process, for want of anybody else.

    A thread of its own, for it may wait for the database without end: whoever decides whether the
    run goes on reads what it has found, and when the claim was last confirmed.
    """

    def __init__(self, run: Run, confirmation: Confirmation) -> None:
        super().__init__(name="chroniker-keeper", daemon=True)
        self._claim = run
        self._confirmation = confirmation
        self._ended = threading.Event()
        self.is_taken_over = False
        """Whether the claim is somebody else's now."""
        self.stopped_by: str | None = None
        """Who wants the run to end, '' where unknown; None as long as nobody does."""

    def run(self) -> None:
        """Renew until :meth:`end` is called, or the claim is lost."""
        pause = 0.0
        while not self._ended.wait(pause) and not self.is_taken_over:
            try:
                self._keep()
                pause = settings.CHRONIKER_RENEW_SECONDS
            except (DatabaseError, InterfaceError):
                # Nothing is logged: here that could be taken for what the command says.
                pause = min(RETRY_SECONDS, settings.CHRONIKER_RENEW_SECONDS)

    def end(self) -> None:
        """Renew no more; a renewal that waits for the database is left behind."""
        self._ended.set()
        if self.is_alive():
            self.join(RETRY_SECONDS)

    def _keep(self) -> None:
        run, sent = self._claim, uptime()
        try:
            if not renew(run.database, run.slot, [run.token]):
                self.is_taken_over = True
                return
            self._confirmation.sent = sent
            asked = asked_to_stop(run.database, run.slot, [run.token])
            self.stopped_by = asked.get(run.token, self.stopped_by)
        finally:
            # The connection is this thread's own; the next renewal may be long in coming.
            connections[run.database].close()
