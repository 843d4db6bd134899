"""Slack, Teams, ntfy, webhooks and the like, by means of apprise (extra ``notify``).

Their URLs are those of the job, of its group and of the site (``CHRONIKER_NOTIFY_URLS``). They
hear of the same as a job's subscribers, but also where mail about errors is switched off.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from chroniker import service_urls, settings
from chroniker.constants import BAD_EVENTS, Event
from chroniker.mask import Mask
from chroniker.models import Job, Notification
from chroniker.notifications.channels import Hopeless
from chroniker.notifications.message import GOOD_EVENTS, message_of
from chroniker.service_urls import ServiceUrl

is_for_people = True
has_one_receiver = False

_HEAD, _TAIL = 1000, 2500
"""How many characters of a long text are sent: chats show no more."""


def wants(job: Job, event: Event) -> bool:
    """Whether services, should any be named, hear of such an event."""
    if not (settings.CHRONIKER_NOTIFY_URLS or job.notify_urls):
        return False
    if event in (Event.RUN_SUCCEEDED, Event.RUN_RECOVERED):
        return (event == Event.RUN_SUCCEEDED) == job.email_success_to_subscribers
    return True


def recipients(notification: Notification) -> Sequence[str]:
    """The names of the URLs, which tell none of them."""
    job, event = notification.job, Event(notification.event)
    if job is not None and event != Event.TEST and not wants(job, event):
        return ()
    return [url.name for url in _urls(notification)]


def send(notification: Notification, recipient: str) -> None:
    """Tell this service. Raises if it did not take it, or could not be asked."""
    urls = {url.name: url for url in _urls(notification)}
    if recipient not in urls:
        raise Hopeless("this service is no longer named by the job, its group or the settings")
    url = urls[recipient].resolve()
    try:
        _send(url, notification)
    except Exception as error:  # noqa: BLE001 - it is raised again, without what is secret
        words = Mask.of([url, *_parts(url)]).hide_in(str(error))
        raise RuntimeError(f"{type(error).__name__}: {words}") from None


def _urls(notification: Notification) -> Iterator[ServiceUrl]:
    configured: Any = settings.CHRONIKER_NOTIFY_URLS
    job = notification.job
    if job is not None:
        own = service_urls.lines_of(job.notify_urls)
        yield from chain(own, service_urls.of_setting(configured, job.group))
    elif notification.job_id is None:
        is_test = notification.event == Event.TEST
        groups = [*configured] if is_test and isinstance(configured, Mapping) else []
        yield from service_urls.of_setting(configured, *groups)


def _forget_what_the_parent_has_loaded() -> None:
    """Apprise keeps threads for all calls of a process; in one that was forked they are gone."""
    if "apprise" in sys.modules:
        for name in [name for name in sys.modules if name.partition(".")[0] == "apprise"]:
            del sys.modules[name]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_what_the_parent_has_loaded)


def _send(url: str, notification: Notification) -> None:
    try:
        from apprise import Apprise, LogCapture, NotifyFormat, NotifyType
    except ImportError:
        raise RuntimeError(
            "apprise is not installed: pip install 'django-chroniker[notify]'"
        ) from None
    event, message = Event(notification.event), message_of(notification)
    kind = NotifyType.SUCCESS if event in GOOD_EVENTS else NotifyType.WARNING
    kind = NotifyType.FAILURE if event in BAD_EVENTS else kind
    service = Apprise()
    if not service.add(url):
        raise RuntimeError("apprise does not know this kind of URL, or something is missing in it")
    with LogCapture() as said:  # type: ignore[no-untyped-call]
        taken = service.notify(
            title=message.subject,
            body=_shortened(message.text),
            notify_type=kind,
            body_format=NotifyFormat.TEXT,
        )
    if not taken:
        raise RuntimeError(said.getvalue().strip() or "it did not take it")


def _shortened(text: str) -> str:
    if len(text) <= _HEAD + _TAIL:
        return text
    return f"{text[:_HEAD]}\n…\n{text[-_TAIL:]}"


def _parts(url: str) -> list[str]:
    """The pieces of a URL that may be secrets, each for itself."""
    _scheme, _colon, rest = url.partition("://")
    for mark in "/?&=@:":
        rest = rest.replace(mark, " ")
    return [part for part in rest.split() if len(part) >= _SHORTEST_SECRET]


_SHORTEST_SECRET = 8
