"""What is told of a notification: a subject, a plain text, and the same as HTML.

All of it is bounded, and holds no control characters, whatever a run has printed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.template import Context, Template
from django.utils.translation import gettext as _

from chroniker import constants, job_templates, settings, terminal
from chroniker.constants import Event, Status
from chroniker.models import Job, Log, Notification
from chroniker.notifications import links, page
from chroniker.notifications.printable import clean, in_one_line
from chroniker.notifications.values import values_of

logger = logging.getLogger("chroniker.notifications")

MOST_CHARACTERS = 64 * 1024
"""How much of each stream is told: its end."""

MOST_COLOURED_CHARACTERS = 16 * 1024
"""The same for the HTML part."""

GOOD_EVENTS = (Event.RUN_SUCCEEDED, Event.RUN_RECOVERED, Event.TEST)


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a recipient gets to read."""

    subject: str
    text: str
    make_html: Callable[[], str]
    """Only mail has an HTML part, and making it is the most of the work."""


def message_of(notification: Notification) -> Message:
    """What to tell of this notification, which has its ``job`` and ``log`` selected."""
    event = Event(notification.event)
    lines = [str(line) for line in notification.details.get("lines", ())]
    log = log_of(notification)
    if log is not None:
        if event not in _ENDS:  # of an end, the log tells the reason
            lines.append(str(notification.details.get("reason") or ""))
        return message_of_log(log, event, lines)
    job, details = notification.job, notification.details
    name = job.name if job else str(details.get("job") or notification.hostname)
    subject = in_one_line(f"{event.label}: {name}" if name else str(event.label))
    facts = [f"{key}: {value}" for key, value in details.items() if key not in _TOLD_OTHERWISE]
    said = [clean(line) for line in (*lines, str(details.get("reason") or ""), *facts) if line]
    link = links.of_job(job) if job else links.of_jobs()
    return Message(
        subject=subject,
        text="\n".join([link, "", *said]),
        make_html=partial(page.page, subject, [link], said, [], is_good=event in GOOD_EVENTS),
    )


_ENDS = (*constants.BAD_EVENTS, Event.RUN_SUCCEEDED, Event.RUN_RECOVERED)
_TOLD_OTHERWISE = ("job", "lines", "reason", "status", "trouble")


def message_of_log(log: Log, event: Event, lines: Sequence[str] = ()) -> Message:
    """The same of a run; ``lines`` are said before the run's own words."""
    subject, monitor = subject_of(log, event), _text_of_monitor(log)
    lines = [clean(line) for line in lines]
    said = [line for line in (*lines, clean(log.reason or "")) if line]
    streams = [] if monitor is not None else _streams(log, MOST_COLOURED_CHARACTERS)
    if monitor is not None:
        said += monitor.split("\n")
    addresses = [links.of_job(log.job), links.of_run(log)]
    return Message(
        subject=subject,
        text=_plain_text(log, lines, monitor),
        make_html=partial(
            page.page, subject, addresses, said, streams, is_good=event in GOOD_EVENTS
        ),
    )


def log_of(notification: Notification) -> Log | None:
    """The run it is about, also if its log is gone; None if it is about no run."""
    if notification.log is not None or notification.log_id is None:
        return notification.log
    details = notification.details
    status = details.get("status")
    return Log(
        job=notification.job or Job(name=str(details.get("job") or "")),
        status=status if status in Status.values else Status.FAILED,
        success=status == Status.SUCCEEDED,
        reason=str(details.get("reason") or ""),
        hostname=notification.hostname,
        run_start_datetime=notification.created,
        stderr=_("(The log of this run has been deleted since.)"),
    )


def event_of(log: Log) -> Event:
    """What a run's end is told as."""
    if log.success:
        return Event.RUN_SUCCEEDED
    told = constants.EVENT_OF_END.get(log.state, Event.RUN_FAILED)
    return told if told in constants.BAD_EVENTS else Event.RUN_FAILED


def subject_of(log: Log, event: Event | None = None) -> str:
    """The subject by the run's result, in one line of plain text."""
    event = event or event_of(log)
    if event not in (*constants.BAD_EVENTS, Event.RUN_SUCCEEDED):
        return in_one_line(f"{event.label}: {log.job.name}")
    name = f"CHRONIKER_EMAIL_SUBJECT_{'SUCCESS' if log.success else 'ERROR'}"
    subject = _of_setting(getattr(settings, name), log)
    return in_one_line(subject or _of_setting(settings.DEFAULTS[name], log) or "")


def _plain_text(log: Log, lines: Sequence[str], monitor: str | None) -> str:
    """A link to the job and to the run, then the monitor's own text or what the run printed."""
    parts = [links.of_job(log.job)]
    if run := links.of_run(log):
        parts.append(run)
    parts += ["", *lines]
    if monitor is not None:
        return "\n".join([*parts, monitor])
    parts.append(clean(log.reason or ""))
    for title, text in _streams(log):
        parts += [title, clean(terminal.plain(text)), ""]
    return "\n".join(parts)


def _streams(log: Log, most: int = MOST_CHARACTERS) -> list[tuple[str, str]]:
    """Both streams, each with its title; as they were printed, with colours and all."""
    return [
        (_("Standard output:"), _bounded(log.stdout, most)),
        (_("Standard error:"), _bounded(log.stderr, most)),
    ]


def _bounded(text: str, most: int = MOST_CHARACTERS) -> str:
    return text if len(text) <= most else "…" + text[-most:]


def _text_of_monitor(log: Log) -> str | None:
    """A monitor's own words about what needs attention; None for any other run."""
    job = log.job
    if not (job.is_monitor and not log.success and job.monitor_error_template):
        return None
    values = values_of(log, bounded=_bounded, url=_monitor_url(log))
    try:
        text = job_templates.render(job.monitor_error_template, values)
    except Exception as error:  # noqa: BLE001 - whatever was typed
        logger.warning("run=%s monitor_error_template is faulty: %s", log.pk, error)
        return None
    return clean(terminal.plain(text[: 4 * MOST_CHARACTERS]))


def _monitor_url(log: Log) -> str:
    try:
        url = log.job.monitor_url_rendered
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("run=%s monitor_url is faulty: %s", log.pk, error)
        return ""
    return f"{links.base_url()}{url}" if url else ""


def _of_setting(source: str, log: Log) -> str | None:
    """A template of the project's own; None, with a line in our log, if it is faulty."""
    values = values_of(log, bounded=_bounded, url=_monitor_url(log)) | {"job": log.job}
    try:
        # Plain text: escaped as for HTML, an & would arrive as &amp;.
        return Template(source).render(Context(values, autoescape=False))
    except Exception as error:  # noqa: BLE001 - tags and filters are anybody's code
        logger.warning("run=%s a template of its subject is faulty: %s", log.pk, error)
        return None
