"""Of what people are told, and what is said besides.

How a run's end is judged is stored in the transaction that records it, so whoever sends it finds
the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker.constants import BAD_ENDS, BAD_EVENTS, Event, Status
from chroniker.models import Job, Notification
from chroniker.models.claimable import NOT_ACKNOWLEDGED, WELL
from chroniker.moments import to_instant, to_stored
from chroniker.trouble import Error, Trouble, judged

NOBODY = "nobody wished to hear of it"

_ABOUT_A_JOB = (Event.RUN_MISSED, Event.RUN_TOO_LONG, Event.RUN_TOO_SHORT)
"""What is no end of a run, and can come again and again."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The answer, with its reason; ``lines`` are put into what is told."""

    tells: bool
    reason: str = ""
    lines: tuple[str, ...] = ()


def decide(notification: Notification) -> Decision:
    """Decide about this notification, from stored rows alone: two senders decide alike.

    It is called in the transaction in which the notification is expanded. Channels that are not
    for people (``is_for_people`` is false) do not ask.
    """
    reason = notification.decision
    if not reason and notification.event in _ABOUT_A_JOB:
        reason = _snoozed(notification) or _repeated(notification)
    if reason:
        return Decision(tells=False, reason=reason)
    return Decision(tells=True, lines=tuple(_lines(notification)))


# Ends of runs


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a run's end means to those who want to know.

    ``values`` are the job's from now on. ``decision`` is why people are not told of the end, and
    ``details`` what they are told besides; both are stored with the notification. ``recovered``:
    people were told of failures, and this run was good.
    """

    values: dict[str, Any] = field(default_factory=dict)
    decision: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    recovered: bool = False


def judge(
    job: Job, status: Status, fingerprint: str | None, ended: datetime, *, heard: bool = True
) -> Judgement:
    """Judge the end of a run of this job, as the job was before it; ``ended`` is aware.

    ``heard``: whether there is anybody to tell of it. A run that somebody stopped says nothing.
    """
    before = Trouble.from_json(job.failures, job.trouble)
    if status == Status.SUCCEEDED:
        return Judgement(values=WELL, recovered=before.told, details=_details(job, before))
    if status not in BAD_ENDS or fingerprint is None:
        return Judgement()
    silence = _silence(job, fingerprint, ended) or ("" if heard else NOBODY)
    judgement = judged(before, fingerprint, ended, job.rule_of_telling, silence)
    trouble = judgement.trouble
    values = {
        "failures": trouble.failures,
        "trouble": trouble.as_json(),
        "fingerprint": fingerprint,
    }
    if fingerprint != job.fingerprint:
        values |= NOT_ACKNOWLEDGED
    return Judgement(
        values=values,
        decision=judgement.why_not,
        details=_details(job, trouble, trouble.errors[fingerprint]),
    )


def _silence(job: Job, fingerprint: str, at: datetime) -> str:
    """Why people do not want to hear of this error now; '' if they do."""
    if job.acknowledged_at is not None and job.fingerprint == fingerprint:
        return f"the error is known: acknowledged by {job.acknowledged_by}"
    return _snooze(job, at)


def _snooze(job: Job, at: datetime) -> str:
    until = to_instant(job.snoozed_until)
    if until is None or at >= until:
        return ""
    return f"snoozed by {job.snoozed_by} until {until:%Y-%m-%d %H:%M:%S %Z}"


def _details(job: Job, trouble: Trouble, error: Error | None = None) -> dict[str, Any]:
    """What is known of the failures so far, as plain values."""
    known = {
        "failures": trouble.failures,
        "since": trouble.since and trouble.since.isoformat(),
        "last_good": job.last_success and to_instant(job.last_success).isoformat(),
    }
    if error is not None:
        known |= {"alike": error.count - 1, "first": error.first.isoformat()}
    return {"trouble": {name: value for name, value in known.items() if value}}


# What is no end of a run


def _snoozed(notification: Notification) -> str:
    job = notification.job
    return "" if job is None else _snooze(job, to_instant(notification.created))


def _repeated(notification: Notification) -> str:
    """Why not again: the same of the same job is told of, or about to be."""
    job, now = notification.job, to_instant(notification.created)
    if job is None:
        return ""
    every: timedelta = job.rule_of_telling.every
    earlier = Notification.objects.using(notification._state.db).filter(
        Q(expanded__isnull=True) | Q(decision=""),
        job=job.pk,
        event=notification.event,
        created__gt=to_stored(now - every),
        pk__lt=notification.pk,
    )
    told = earlier.order_by("-pk").values_list("created", flat=True).first()
    if not every or told is None:
        return ""
    return f"the same was told of at {to_instant(told):%Y-%m-%d %H:%M:%S %Z}"


# What is said besides


def _lines(notification: Notification) -> Iterator[str]:
    details = notification.details.get("trouble", {})
    if notification.event == Event.RUN_RECOVERED and "since" in details:
        failures = details["failures"]
        words = ngettext(
            "Before that, %(count)d run had failed, at %(since)s.",
            "Before that, %(count)d runs had failed, the first at %(since)s.",
            failures,
        )
        yield words % {"count": failures, "since": _moment(details["since"])}
    elif notification.event in BAD_EVENTS:
        yield from _about_a_failure(details)


def _about_a_failure(details: dict[str, Any]) -> Iterator[str]:
    alike, failures = details.get("alike", 0), details.get("failures", 1)
    if alike:
        words = ngettext(
            "Same error as in the run that failed at %(first)s.",
            "Same error as in %(count)d runs before, first seen at %(first)s.",
            alike,
        )
        yield words % {"count": alike, "first": _moment(details["first"])}
    elif failures > 1:
        words = ngettext(
            "The run before failed as well, of something else.",
            "The %(count)d runs before failed as well, of something else.",
            failures - 1,
        )
        yield words % {"count": failures - 1}
    if "last_good" in details:
        yield _("The last good run ended at %s.") % _moment(details["last_good"])


def _moment(text: str) -> str:
    """A moment as people read it, in the time zone of the project."""
    stored = to_stored(datetime.fromisoformat(text))
    local = timezone.localtime(stored) if timezone.is_aware(stored) else stored
    return f"{local:%Y-%m-%d %H:%M %Z}".rstrip()
