"""What carries reports to Sentry, without the secrets. Imported only where sentry-sdk is in use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sentry_sdk.envelope import Envelope, Item, PayloadRef
from sentry_sdk.transport import Transport

from chroniker.mask import Mask


class MaskedTransport(Transport):
    """Hides secrets in all that goes out, and knows whether something could not be sent.

    ``mask`` is asked for each time, for the secrets are known only once the run has been given
    them. ``inner`` does the sending.
    """

    def __init__(self, inner: Transport, mask: Callable[[], Mask]) -> None:
        super().__init__()
        self.has_failed = False
        self._inner = inner
        self._mask = mask

    def watch(self) -> None:
        """Note from now on what ``inner``, which must be nobody else's, could not send."""
        known = getattr(self._inner, "on_dropped_event", None)

        def note(reason: str) -> None:
            self.has_failed = True
            if known is not None:
                known(reason)

        # What the SDK's own transports call for what they drop.
        self._inner.on_dropped_event = note  # type: ignore[attr-defined]

    def capture_envelope(self, envelope: Envelope) -> None:
        """Send this, masked."""
        mask = self._mask()
        for item in envelope.items if mask else ():
            _hide_in(item, mask)
        self._inner.capture_envelope(envelope)

    def flush(self, timeout: float, callback: Any = None) -> None:
        """Wait until all has been sent, or so many seconds."""
        self._inner.flush(timeout, callback)

    def kill(self) -> None:
        """Send nothing more."""
        self._inner.kill()

    def record_lost_event(self, *args: Any, **kwargs: Any) -> None:
        """Count what is not sent, for Sentry's own statistics."""
        self._inner.record_lost_event(*args, **kwargs)

    def is_healthy(self) -> bool:
        """Whether it takes more."""
        return self._inner.is_healthy()


def _hide_in(item: Item, mask: Mask) -> None:
    if item.payload.json is None:
        item.payload = PayloadRef(bytes=mask.hide(item.get_bytes()))
    else:
        # Text by text: in JSON as a whole, a secret of digits could be part of a number.
        item.payload = PayloadRef(json=hidden(item.payload.json, mask))


def hidden(value: Any, mask: Mask) -> Any:
    """The same plain value with ``***`` for each secret in its texts."""
    if isinstance(value, str):
        # Where the SDK has cut a text off, it may be within a secret.
        end = "..." if value.endswith("...") else ""
        return mask.hide_in(value.removesuffix(end)) + end
    if isinstance(value, Mapping):
        return {hidden(name, mask): hidden(one, mask) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [hidden(one, mask) for one in value]
    return value
