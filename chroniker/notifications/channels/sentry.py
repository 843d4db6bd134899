"""The project's Sentry, from the watcher's side: bad ends without an exception, and check-ins.

What a command raises is reported by its own process; see :mod:`chroniker.sentry`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from chroniker import sentry, settings
from chroniker.constants import BAD_EVENTS, EVENT_OF_END, Event
from chroniker.models import Job, Log, Notification
from chroniker.moments import to_instant
from chroniker.notifications.channels import Hopeless, in_order
from chroniker.notifications.sentry_monitors import config_of, is_watched, slug_of

is_for_people = False
has_one_receiver = True

_EVENTS = "events"
_CHECK_INS = "check-ins"

_MOST_CHARACTERS = 4096
"""How much of each stream is sent: its end."""


def wants(job: Job, event: Event) -> bool:
    """Whether Sentry hears of such an event."""
    return sentry.is_active() and (event in BAD_EVENTS or _checks_in(job, event))


def recipients(notification: Notification) -> Sequence[str]:
    """Events, the job's monitor, or both."""
    event = Event(notification.event)
    if not sentry.is_active():
        return ()
    found = []
    if event == Event.TEST and notification.job_id is None:
        found.append(_EVENTS)
    if event in BAD_EVENTS and not notification.details.get("reported"):
        found.append(_EVENTS)
    job, log = notification.job, notification.log
    if job is not None and log is not None and _checks_in(job, event):
        found.append(in_order.line_of(_CHECK_INS, notification))
    return found


def send(notification: Notification, recipient: str) -> None:
    """Send it. Raises OSError if it did not arrive."""
    if not sentry.is_active():
        raise OSError("the process that sends has no Sentry")
    if recipient == _EVENTS:
        sentry.send(_event(notification), _facts(notification))
        return
    job, log = notification.job, notification.log
    if job is None or log is None:
        raise Hopeless("the job or its log has been deleted")
    in_order.keep_order(notification, recipient)
    sentry.send(_check_in(Event(notification.event), job, log), {})


def _checks_in(job: Job, event: Event) -> bool:
    told = event == Event.RUN_STARTED or event in EVENT_OF_END.values()
    return bool(settings.CHRONIKER_SENTRY_CHECKINS and told and is_watched(job))


def _event(notification: Notification) -> dict[str, Any]:
    log, details = notification.log, notification.details
    name = notification.job.name if notification.job else str(details.get("job", ""))
    what = Event(notification.event)
    reason = (log.reason if log else None) or str(details.get("reason") or "")
    about = " ".join(part for part in (name, str(what.label).lower()) if part)
    at = to_instant(log.run_end_datetime if log else None) or to_instant(notification.created)
    return {
        # The same for each attempt to send it, and for what the run's own process has sent.
        "event_id": (log.token if log else None) or uuid4().hex,
        "timestamp": at.isoformat(),
        "level": "info" if what == Event.TEST else "error",
        "logger": "chroniker",
        "message": f"{about}: {reason}" if reason else about,
        "fingerprint": ["chroniker", str(notification.job_id), what.value, reason],
        "extra": {
            name: getattr(log, name)[-_MOST_CHARACTERS:] for name in ("stdout", "stderr") if log
        },
    }


def _facts(notification: Notification) -> dict[str, Any]:
    job, log = notification.job, notification.log
    facts: dict[str, Any] = {"job_id": notification.job_id, "run_id": notification.log_id}
    if job is not None:
        facts |= {"job": job.name}
    if log is not None:
        due = to_instant(log.scheduled_for)
        facts |= {
            "status": log.state.value,
            "arguments": log.arguments,
            "scheduled_for": due and due.isoformat(),
            "trigger": log.trigger,
            "attempt": log.attempt,
            "host": log.hostname,
            "exit_code": log.exit_code,
        }
    return facts


def _check_in(event: Event, job: Job, log: Log) -> dict[str, Any]:
    status = {Event.RUN_STARTED: "in_progress", Event.RUN_SUCCEEDED: "ok"}.get(event, "error")
    check_in: dict[str, Any] = {
        "type": "check_in",
        "monitor_slug": slug_of(job, log.slot),
        "check_in_id": log.token or uuid4().hex,
        "status": status,
    }
    if event != Event.RUN_STARTED and log.duration is not None:
        check_in["duration"] = log.duration.total_seconds()
    config = config_of(job)
    if config is not None:
        check_in["monitor_config"] = config
    return check_in
