"""What a job is doing, or why it is not, in a word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker import constants, settings, wording
from chroniker.constants import Misfire, Status
from chroniker.models import Held, Job, JobHost, acknowledgement
from chroniker.models.claimable import Claimable
from chroniker.models.job_rows import RUNS, failures_in_a_row
from chroniker.moments import to_instant, to_stored

LATE = timedelta(minutes=5)
"""Nothing keeps a job from running, and still it has been due for longer than this."""

_END = datetime.max.replace(tzinfo=UTC)
_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True)
class State:
    """A state: its kind (a status, or a word of ours that the display knows), and what to say."""

    kind: str
    words: str
    detail: str = ""


def state_of(job: Job, now: datetime) -> State:
    """The state of a job at ``now`` (aware). Asks nothing of the database but dependencies.

    Knows of pauses if the job carries what holds it as ``held``.
    """
    if running(job):
        return _running(job, now)
    if not job.enabled:
        return State("disabled", _("Disabled"))
    if job.error:
        return State("failed", _("Cannot run"), job.error)
    held: Held | None = getattr(job, "held", None)
    if held is not None:
        return _paused(held)
    next_run = to_instant(job.next_run)
    if job.force_run or (next_run is not None and next_run <= now):
        return _waiting(job, now)
    outcome = last_outcome(job)
    remarks = filter(None, (outcome.detail, acknowledgement.silence(job, now)))
    return replace(outcome, detail=" · ".join(remarks))


def running(job: Job) -> list[Claimable]:
    """What holds a run now: the job, or its rows of hosts where every host runs it."""
    # A job that comes from a list may know already that no host has a row for it.
    hosts = job.hosts.all() if getattr(job, "has_host_rows", True) else ()
    rows: list[Claimable] = [job, *hosts]
    return [row for row in rows if row.is_running]


def fence_on_screen(job: Job) -> int | None:
    """Which run a button is about; None where it is about those of several hosts."""
    return job.fence if job.is_running else None


def is_stale(job: Job, now: datetime) -> bool:
    """Whether a run of it gives no sign of life for ``CHRONIKER_STALE_MINUTES``."""
    return any(_is_silent(row, now) for row in running(job))


def _is_silent(row: Claimable, now: datetime) -> bool:
    heartbeat = to_instant(row.last_heartbeat)
    limit = now - timedelta(minutes=settings.CHRONIKER_STALE_MINUTES)
    return heartbeat is None or heartbeat < limit


def waits_for(job: Job) -> list[str]:
    """The dependencies that are not met, in words."""
    unmet = (dependency.unmet_criterion() for dependency in job.dependencies.all())
    return [reason for reason in unmet if reason]


def last_outcome(job: Job) -> State:
    """How the last run ended that has ended.

    Knows more of it if the job comes from a queryset that names ``last_log_status``.
    """
    status = getattr(job, "last_log_status", None)
    if status is None and job.last_run_successful is not None:
        status = Status.SUCCEEDED if job.last_run_successful else Status.FAILED
    if status is not None:
        return _ended(job, Status(status))
    if job.next_run is None and job.frequency not in constants.WITHOUT_TIMES:
        return State("idle", _("Finished"), _("no further run"))
    return State("idle", _("Not run yet"))


def _ended(job: Job, status: Status) -> State:
    """How the last run ended, and how often in a row it ended badly."""
    times = failures_in_a_row(job)
    words = str(status.label)
    if times > 1:
        words += f" ×{times}{'+' if times == RUNS else ''}"
    is_over = job.next_run is None and job.frequency not in constants.WITHOUT_TIMES
    return State(status, words, _("no further run") if is_over else "")


def next_runs(job: Job, now: datetime, count: int = 5) -> list[datetime]:
    """The next occurrences (UTC), without jitter; the job's own next run comes first.

    Raises InvalidSchedule if the schedule cannot be read.
    """
    schedule = job.schedule()
    first = job.occurrence
    found = [] if first is None else [first]
    # A run that is late is made up for once; the schedule goes on from now.
    each = job.misfire_policy == Misfire.BACKFILL
    start = now if first is None else first if each else max(first, now)
    if job.frequency != constants.ONCE:
        end = to_instant(job.active_until) or _END
        begin = to_instant(job.active_from)
        start = start if begin is None else max(start, begin - _JUST_BEFORE)
        found += schedule.between(start, end, count - len(found))
    return found


def _running(job: Job, now: datetime) -> State:
    rows = running(job)
    remarks = []
    hosts = [row.hostname for row in rows if isinstance(row, JobHost)]
    if hosts:
        remarks.append(_("on %s") % ", ".join(hosts))
    silent = [row.last_heartbeat for row in rows if _is_silent(row, now)]
    if silent:
        remarks.append(_no_sign_of_life(silent, now))
    left = job.estimated_seconds_to_completion
    if left is not None:
        remarks.append(_("%s left") % wording.duration(timedelta(seconds=int(left))))
    if any(row.force_stop for row in rows):
        remarks.append(_("asked to stop"))
    if job.force_run:
        remarks.append(_("runs once more afterwards"))
    percent = job.progress_percent if job.is_running else None
    words = _("Running") if percent is None else _("Running %d%%") % int(percent)
    return State("running", words, " · ".join(remarks))


def _no_sign_of_life(heartbeats: list[datetime | None], now: datetime) -> str:
    known = [to_instant(heartbeat) for heartbeat in heartbeats if heartbeat is not None]
    if not known:
        return _("no sign of life")
    return _("no sign of life for %s") % timesince(min(known), now)


def _paused(held: Held) -> State:
    words = _("Paused")
    if held.until is not None:
        words = _("Paused until %s") % wording.plain_moment(to_stored(held.until))
    return State("paused", words, held.reason)


def _waiting(job: Job, now: datetime) -> State:
    retry_at = to_instant(job.retry_at)
    if not job.force_run and retry_at is not None and retry_at > now:
        words = _("attempt %(number)d failed; the next one comes in %(time)s")
        left = timesince(now, retry_at)
        return State("waiting", _("Retrying"), words % {"number": job.attempt, "time": left})
    reasons = waits_for(job)
    if reasons:
        return State("waiting", _("Waiting"), "; ".join(reasons))
    if job.force_run:
        by = job.forced_by
        return State("waiting", _("Asked to run"), _("by %s") % by if by else "")
    backlog, since = _backlog(job, now), to_instant(job.next_run)
    if since is not None and now - since > LATE and not backlog:
        return State("late", _("Late"), _("due for %s") % timesince(since, now))
    return State("waiting", _("Due"), backlog)


def _backlog(job: Job, now: datetime) -> str:
    """How many missed dates are still to be run, each for itself."""
    occurrence = job.occurrence
    if job.misfire_policy != Misfire.BACKFILL or occurrence is None:
        return ""
    behind = 1 + len(job.occurrences_between(occurrence, now))
    words = ngettext("%d date to make up", "%d dates to make up", behind)
    return words % behind if behind > 1 else ""
