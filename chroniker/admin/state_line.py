"""The line on top of a run's page: how it went, where, when and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chroniker.admin import display
from chroniker.constants import Status, Trigger
from chroniker.models import Job, JobHost, Log
from chroniker.models.claimable import Claimable
from chroniker.moments import to_instant

_UNTIL_IT_WORKS = -1


def state_line(log: Log, now: datetime) -> SafeString:
    """The run in a line, as of ``now`` (aware)."""
    return display.facts(_facts(log, now))


def _facts(log: Log, now: datetime) -> Iterator[str]:
    yield _state(log, now)
    if log.exit_code is not None:
        yield _("exit %d") % log.exit_code
    if log.state == Status.RUNNING:
        since = now - to_instant(log.run_start_datetime)
        yield _("%s so far") % display.duration(since)
    elif log.state != Status.SKIPPED:
        yield display.duration(log.duration)
    yield display.visible(log.hostname or "")
    yield _attempt(log)
    yield from _when(log)
    yield by_whom(log)


def _state(log: Log, now: datetime) -> str:
    status = Status(log.state)
    claim = _claim(log) if status == Status.RUNNING else None
    if claim is None:
        return display.pill(status.value, str(status.label), log.reason or "")
    remarks = [_("asked to stop")] if claim.force_stop else []
    ratio = _ratio(claim)
    words = _("Running") if ratio is None else _("Running %d%%") % int(ratio * 100)
    left = _left(log, now, ratio)
    if left is not None:
        remarks.insert(0, _("%s left") % display.duration(left))
    pill = display.pill(status.value, words, " · ".join(remarks))
    return pill if ratio is None else display.words((pill, display.progress_bar(ratio * 100)))


def _claim(log: Log) -> Claimable | None:
    """The row that this run holds: of its job, or of its host where every host runs the job."""
    if log.token is None:
        return None
    if log.job.claim_token == log.token:
        return log.job
    row: JobHost | None = JobHost.objects.filter(claim_token=log.token).first()
    return row


def _ratio(claim: Claimable) -> float | None:
    """How much of its parts is complete, from 0 to 1; None where nothing was reported."""
    total = int(claim.total_parts or 0)
    return min(1.0, int(claim.total_parts_complete or 0) / total) if total else None


def _left(log: Log, now: datetime, ratio: float | None) -> timedelta | None:
    """How long it goes on, if the rest goes as the part done."""
    if not ratio:
        return None
    elapsed = now - to_instant(log.run_start_datetime)
    return max(timedelta(), elapsed / ratio - elapsed)


def _attempt(log: Log) -> str:
    """Which attempt it was, if the job is tried again at all."""
    job: Job = log.job
    retries = job.max_retries if log.trigger != Trigger.BACKFILL else 0
    if log.attempt < 1 or (log.attempt == 1 and not retries):
        return ""
    if retries == _UNTIL_IT_WORKS or log.attempt > retries + 1:
        return _("attempt %d") % log.attempt
    return _("attempt %(number)d of %(most)d") % {"number": log.attempt, "most": retries + 1}


def _when(log: Log) -> Iterator[str]:
    if log.scheduled_for is not None:
        there = display.elsewhere(log.scheduled_for, log.job.valid_zone_name)
        when = (_("scheduled for"), display.moment(log.scheduled_for), there)
        yield display.words(filter(None, when))
    if log.lateness_ms is not None:
        late = display.duration(timedelta(milliseconds=log.lateness_ms))
        yield _("started %s late") % late
    elif log.state != Status.SKIPPED:
        yield display.words((_("started"), display.moment(log.run_start_datetime)))


def by_whom(log: Log) -> str:
    """What started it, and who."""
    trigger = Trigger(log.trigger).label if log.trigger in Trigger.values else ""
    if not log.triggered_by:
        return str(trigger)
    values = {"trigger": trigger, "person": display.visible(log.triggered_by)}
    return _("%(trigger)s, %(person)s") % values
