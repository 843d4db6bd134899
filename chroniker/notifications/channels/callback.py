"""``CHRONIKER_JOB_ERROR_CALLBACK``: the project's own function, called for each failed run."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.module_loading import import_string

from chroniker import settings
from chroniker.constants import BAD_EVENTS, Event
from chroniker.models import Job, Notification
from chroniker.notifications.channels import Hopeless
from chroniker.notifications.message import log_of

is_for_people = False
has_one_receiver = True


def wants(job: Job, event: Event) -> bool:
    """Whether there is a callback for such an event."""
    return bool(settings.CHRONIKER_JOB_ERROR_CALLBACK) and event in BAD_EVENTS


def recipients(notification: Notification) -> Sequence[str]:
    """The callback's dotted path."""
    job, path = notification.job, settings.CHRONIKER_JOB_ERROR_CALLBACK
    if path is None or job is None or not wants(job, Event(notification.event)):
        return ()
    return [path]


def send(notification: Notification, recipient: str) -> None:
    """Call it with (job, stdout=, stderr=). Raises what it raises."""
    if recipient != settings.CHRONIKER_JOB_ERROR_CALLBACK:
        raise Hopeless("CHRONIKER_JOB_ERROR_CALLBACK is another one now")
    log = log_of(notification)
    if notification.job is None or log is None:
        raise Hopeless("its job has been deleted")
    import_string(recipient)(notification.job, stdout=log.stdout, stderr=log.stderr)
