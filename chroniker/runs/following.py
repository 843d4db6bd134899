"""What follows from a run's end: when its job runs next, as its policies say."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chroniker import constants, settings
from chroniker.constants import Misfire, Overlap, Status, Trigger
from chroniker.models import Job
from chroniker.moments import to_stored
from chroniker.runs.outcome import Outcome
from chroniker.runs.run import Run

logger = logging.getLogger("chroniker.runs")


@dataclass(frozen=True, kw_only=True)
class Following:
    """``values`` are the job's from now on; ``passed`` are occurrences that will not be run."""

    values: dict[str, Any] = field(default_factory=dict)
    passed: Sequence[datetime] = ()


def following(job: Job, run: Run, outcome: Outcome) -> Following:
    """What the job does after this run.

    A run that stands for no occurrence leaves the schedule alone, and so does one whose job was
    rescheduled by hand meanwhile. A lost run is made up for at once, at most
    ``CHRONIKER_MAX_LOST_RERUNS`` times in a row; a failed one as often as its job allows.
    """
    if run.occurrence is None or run.trigger == Trigger.BACKFILL:
        return Following()
    if run.trigger != Trigger.CHAIN and job.occurrence != run.occurrence:
        return Following()
    if outcome.status == Status.LOST and run.attempt <= settings.CHRONIKER_MAX_LOST_RERUNS:
        return Following(values=_again(run, None))
    try:
        if outcome.status in constants.BAD_ENDS and job.may_retry(run.attempt):
            return Following(values=_retried(job, run, outcome))
        return _next(job, run, outcome)
    except (ValueError, OverflowError) as error:  # InvalidSchedule is a ValueError
        logger.error("job=%s cannot be scheduled: %s", job.pk, error)
        return Following(values={**_FINISHED, "error": str(error)})


_FINISHED: dict[str, Any] = {
    "attempt": 0,
    "retry_at": None,
    "next_run": None,
    "next_occurrence": None,
}


def _again(run: Run, when: datetime | None) -> dict[str, Any]:
    """The same occurrence once more, at once or at that moment; the schedule does not move."""
    values: dict[str, Any] = {"attempt": run.attempt, "retry_at": to_stored(when)}
    if run.trigger == Trigger.CHAIN:
        stored = to_stored(run.occurrence)
        values |= {"next_run": stored, "next_occurrence": stored}
    return values


def _retried(job: Job, run: Run, outcome: Outcome) -> dict[str, Any]:
    """A retry after the job's delay, but not later than the occurrence that supersedes it."""
    when = outcome.ended + timedelta(seconds=job.retry_delay(run.attempt))
    if job.misfire_policy != Misfire.BACKFILL and not _is_without_times(job):
        coming = job.next_after(max(run.scheduled_for, outcome.ended))
        when = when if coming is None else min(when, coming)
    return _again(run, when)


def _next(job: Job, run: Run, outcome: Outcome) -> Following:
    if job.frequency == constants.ONCE:
        return Following(values={**_FINISHED, "enabled": False})
    if _is_without_times(job):
        return Following(values=_FINISHED)
    if job.misfire_policy == Misfire.BACKFILL:
        if outcome.status != Status.SUCCEEDED:
            return Following(values=_date_once_more(job, run, outcome))
        return Following(values=_moved(job, job.next_after(run.scheduled_for)))
    if job.overlap_policy == Overlap.RESTART:
        return Following(values=_moved(job, job.next_after(max(run.scheduled_for, run.claimed))))
    coming = job.next_after(max(run.scheduled_for, outcome.ended))
    return Following(
        values=_moved(job, coming), passed=job.occurrences_between(run.claimed, outcome.ended)
    )


def _date_once_more(job: Job, run: Run, outcome: Outcome) -> dict[str, Any]:
    """The date whose run has failed, when the job would run anyway: none is left out."""
    regular = job.next_after(max(run.scheduled_for, outcome.ended))
    if regular is None:
        regular = outcome.ended + timedelta(seconds=job.retry_delay(run.attempt))
    return _again(run, regular)


def _moved(job: Job, coming: datetime | None) -> dict[str, Any]:
    return {
        "attempt": 0,
        "retry_at": None,
        "error": None,
        "held_until": None,
        "anchor": to_stored(job.phase),
        "next_occurrence": to_stored(coming),
        "next_run": to_stored(job.apply_jitter(coming)),
    }


def _is_without_times(job: Job) -> bool:
    return job.frequency in constants.WITHOUT_TIMES
