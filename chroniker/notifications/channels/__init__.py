"""The ways to tell people, or services: one module each.

A channel's module has

``recipients(notification) -> Sequence[str]``
    who is to hear of it over this channel, as stored in ``Delivery.recipient``;
``send(notification, recipient) -> None``
    the attempt to tell one of them, within ``TIMEOUT_SECONDS``; raises whatever goes wrong, and
    :class:`Hopeless` if no later attempt can do better;
``wants(job, event) -> bool``
    whether anybody may want to hear of such an event of this job; without a query, for it is
    asked in the transaction that ends a run;
``is_for_people``
    whether the policy decides what is told; what is not for people is told all it wants;
``has_one_receiver``
    whether all recipients are reached by one and the same receiver, such as a mail server, which
    is then asked by one thread only.

Its name is the last part of its path. The notification comes with its ``job`` and its ``log``,
each None if it has none or if that is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from chroniker.constants import NOT_FOR_PEOPLE, Event
from chroniker.models import Job, Notification

PATHS = (
    "chroniker.notifications.channels.mail",
    "chroniker.notifications.channels.callback",
    "chroniker.notifications.channels.services",
    "chroniker.notifications.channels.ping",
    "chroniker.notifications.channels.sentry",
)

TIMEOUT_SECONDS = 30
"""How long an attempt may take."""


class Hopeless(Exception):
    """A delivery that is not to be tried again; the text says why, and no secret."""


class Channel(Protocol):
    """What a channel's module has."""

    is_for_people: bool
    has_one_receiver: bool

    def recipients(self, notification: Notification) -> Sequence[str]: ...

    def send(self, notification: Notification, recipient: str) -> None: ...

    def wants(self, job: Job, event: Event) -> bool: ...


@cache
def channels() -> dict[str, Channel]:
    """All channels by their names."""
    return {path.rpartition(".")[2]: cast("Channel", import_module(path)) for path in PATHS}


def people_want(job: Job, event: Event | None) -> bool:
    """Whether anybody of those whom the policy is for may want to hear of such an event."""
    known = (channel for channel in channels().values() if channel.is_for_people)
    return event is not None and any(channel.wants(job, event) for channel in known)


def anybody_wants(job: Job, event: Event) -> bool:
    """Whether to note such an event of this job at all."""
    return any(
        channel.wants(job, event)
        for channel in channels().values()
        if not (channel.is_for_people and event in NOT_FOR_PEOPLE)
    )
