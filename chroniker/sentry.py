"""Reports to Sentry, if the project itself has set up sentry-sdk; that is never done here."""

from __future__ import annotations

import copy
import logging
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chroniker.mask import Mask

if TYPE_CHECKING:
    from sentry_sdk import Scope

logger = logging.getLogger("chroniker.sentry")

SECONDS = 3.0
"""How long a run's process waits at its end until its reports have been sent."""

SENDER_SECONDS = 20.0
"""How long a process waits that has nothing else to do."""

_TAGS = ("job", "job_id", "run_id", "trigger", "host")


def is_active() -> bool:
    """Whether the project has initialised sentry-sdk, so that reports go somewhere."""
    sdk = sys.modules.get("sentry_sdk")
    if sdk is None:
        return False  # who has not imported it has not initialised it
    client = sdk.get_client()
    return bool(client.is_active() and client.transport is not None)


def ignore_logger(name: str) -> None:
    """Let sentry-sdk make no reports of what this logger writes, if it is in use."""
    if "sentry_sdk" in sys.modules:
        from sentry_sdk.integrations import logging as integration

        integration.ignore_logger(name)


class Reporter:
    """Reports what one run raises, with what is known of the run. Never raises anything itself.

    In a process that is the run's own it takes the place of the project's client: threads that
    send do not survive a fork, and two processes must not share a connection. In others it
    leaves everybody that client as it is. ``mask`` hides the run's secrets, once they are known.
    """

    def __init__(self, token: str, facts: Mapping[str, Any], *, own_process: bool) -> None:
        """``facts`` are plain values of the run with this token, some of which become tags."""
        self.mask = Mask()
        self._token = token
        self._facts = facts
        self._own_process = own_process
        self._has_reported = False
        self._client: Any = None
        self._guarded(self._set_up)

    def report(self, error: BaseException) -> None:
        """Report this exception, if there is anybody to report it to."""
        self._guarded(lambda: self._report(error))

    def finish(self) -> bool:
        """Whether what the run raised has been reported; waits a little for that.

        In a process that goes on, sending is left to its threads.
        """
        if self._own_process:
            self._guarded(self._flush)
        return self._has_reported

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the run is as it is
            self._has_reported = False
            logger.warning("Sentry cannot be told: %s: %s", type(error).__name__, error)

    def _set_up(self) -> None:
        if not is_active():
            return
        import sentry_sdk

        project = sentry_sdk.get_client()
        self._client = _copy_of(project, lambda: self.mask, anew=self._own_process)
        if self._own_process:
            scope = sentry_sdk.get_global_scope()
            scope.set_client(self._client)
            describe(scope, self._facts)

    def _report(self, error: BaseException) -> None:
        if self._client is None:
            return
        import sentry_sdk
        from sentry_sdk.utils import event_from_exception

        mechanism = {"type": "chroniker", "handled": False}
        event, hint = event_from_exception(
            error, client_options=self._client.options, mechanism=mechanism
        )
        # Should it come a second time, from whoever looks after the run, Sentry knows it.
        event["event_id"] = self._token
        with sentry_sdk.new_scope() as scope:
            scope.set_client(self._client)
            describe(scope, self._facts)
            scope.capture_event(event, hint)
        self._has_reported = True

    def _flush(self) -> None:
        if self._client is not None and not _flush(self._client, SECONDS):
            self._has_reported = False


def send(event: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Send this event, over a connection of its own, and wait for that; it is masked already.

    Raises OSError if it did not arrive.
    """
    import sentry_sdk

    client = _copy_of(sentry_sdk.get_client(), Mask, anew=True)
    with sentry_sdk.new_scope() as scope:
        scope.set_client(client)
        describe(scope, facts)
        scope.capture_event(dict(event))  # type: ignore[arg-type]
    if not _flush(client, SENDER_SECONDS):
        raise OSError("Sentry did not take it")


def describe(scope: Scope, facts: Mapping[str, Any]) -> None:
    """Add what is known of a run to all that is reported in this scope."""
    known = {name: value for name, value in facts.items() if value is not None}
    scope.set_context("chroniker", known)
    for name in _TAGS:
        if name in known:
            scope.set_tag(f"chroniker.{name}", str(known[name]))


def _flush(client: Any, seconds: float) -> bool:
    """Wait until all has been sent, at most so long; returns whether it was."""
    begun = time.monotonic()
    client.flush(timeout=seconds)
    in_time = time.monotonic() - begun < seconds - 0.05
    return in_time and not client.transport.has_failed


def _copy_of(client: Any, mask: Callable[[], Mask], *, anew: bool) -> Any:
    """The project's client once more, masked; ``anew``: with its own threads and connections."""
    from chroniker.masked_transport import MaskedTransport

    fresh = copy.copy(client)  # which makes one with the same options
    if anew:
        fresh.transport = MaskedTransport(fresh.transport, mask)
        fresh.transport.watch()
    else:
        fresh.transport = MaskedTransport(client.transport, mask)
    # At exit it would say on stderr that it is still sending, and so make the run a failure.
    fresh.integrations = {name: one for name, one in fresh.integrations.items() if name != "atexit"}
    return fresh
