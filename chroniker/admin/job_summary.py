"""What is set in each section of a job's page, in a line of plain text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker import constants, service_urls
from chroniker.admin import display
from chroniker.constants import Misfire, Overlap
from chroniker.models import Job

_LONGEST = 120


def what(job: Job) -> str:
    """The command line."""
    return _shortened(job.command_line) or _("Nothing is chosen yet.")


def surroundings(job: Job) -> str:
    """Variables, folder and limits."""
    lines = [line for line in job.environment.splitlines() if line.strip()]
    variables = sum(not line.lstrip().startswith("#") for line in lines)
    parts = []
    if variables:
        parts.append(ngettext("%d variable", "%d variables", variables) % variables)
    if job.working_directory:
        parts.append(_shortened(job.working_directory))
    if job.memory_limit_mb:
        parts.append(_("%d MB of memory") % job.memory_limit_mb)
    if job.nice:
        parts.append(_("nice %d") % job.nice)
    return _joined(parts)


def when(job: Job) -> str:
    """The schedule in words."""
    try:
        return job.schedule().describe()
    except (ValueError, OverflowError) as error:  # InvalidSchedule is a ValueError
        return str(error)


def window(job: Job) -> str:
    """From when to when it is active, and how far runs are spread."""
    parts = []
    if job.active_from is not None:
        parts.append(_("from %s") % display.plain_moment(job.active_from))
    if job.active_until is not None:
        parts.append(_("until %s") % display.plain_moment(job.active_until))
    if job.jitter_seconds:
        spread = display.duration(timedelta(seconds=job.jitter_seconds))
        parts.append(_("up to %s later, at random") % spread)
    return _joined(parts)


def where(job: Job) -> str:
    """On which hosts, and in which company."""
    return _joined(_where(job))


def _where(job: Job) -> Iterator[str]:
    if not job.hostname:
        yield _("on any host")
    elif job.hostname == constants.ALL_HOSTS:
        yield _("on every host")
    else:
        yield _("on %s") % _shortened(job.hostname)
    if job.concurrency_key:
        yield _("never beside another with the key %s") % _shortened(job.concurrency_key)
    if job.priority:
        yield _("priority %d") % job.priority
    if job.weight != 1:
        yield _("weight %d") % job.weight


def conditions(job: Job) -> str:
    """What follows from what can happen."""
    return _joined(_conditions(job))


def _conditions(job: Job) -> Iterator[str]:
    if job.max_retries < 0:
        yield _("a failed run is tried again until it works")
    elif job.max_retries:
        words = ngettext(
            "a failed run is tried again once",
            "a failed run is tried again up to %(count)d times",
            job.max_retries,
        )
        yield words % {"count": job.max_retries}
    else:
        yield _("a failed run is not tried again")
    if job.timeout_seconds:
        limit = display.duration(timedelta(seconds=job.timeout_seconds))
        yield _("a run is ended after %s") % limit
    if job.overlap_policy == Overlap.RESTART:
        yield _("the next occurrence ends a run that still goes on")
    if job.misfire_policy == Misfire.SKIP:
        yield _("missed runs are skipped")
    elif job.misfire_policy == Misfire.BACKFILL:
        yield _("each missed run is made up for")


def hearing(job: Job) -> str:
    """Who is written to, and why."""
    count = 0 if job._state.adding else job.subscribers.count()
    parts = [ngettext("%d subscriber", "%d subscribers", count) % count] if count else []
    if count and job.email_errors_to_subscribers:
        parts.append(_("when it fails"))
    if count and job.email_success_to_subscribers:
        parts.append(_("when it succeeds"))
    parts = parts if len(parts) > 1 else []
    services = len(service_urls.lines_of(job.notify_urls))
    if services:
        parts.append(ngettext("%d service", "%d services", services) % services)
    if job.ping_url:
        parts.append(_("a ping at each start and end"))
    return _joined([*parts, *_noise(job)] if parts else [_("nobody")])


def _noise(job: Job) -> Iterator[str]:
    """Of which failures people hear, where the job says so itself."""
    if job.notify_after > 1:
        yield _("after %d failures in a row") % job.notify_after
    if job.notify_every:
        length = display.duration(timedelta(seconds=job.notify_every))
        yield _("of the same error again after %s") % length
    elif job.notify_every == 0:
        yield _("of each failure")


def monitoring(job: Job) -> str:
    """Whether it is a monitor."""
    return _("this job checks a condition") if job.is_monitor else _("not a monitor")


def keeping(job: Job) -> str:
    """What is left of a run, and for how long."""
    count = job.maximum_log_entries
    kept = [_("all runs")]
    if count:
        words = ngettext("the last run", "the last %(count)d runs", count)
        kept = [words % {"count": count}]
    if job.log_stdout and job.log_stderr:
        kept.append(_("with all that they print"))
    elif job.log_stdout:
        kept.append(_("with what they print, but not to stderr"))
    elif job.log_stderr:
        kept.append(_("with what they print to stderr"))
    else:
        kept.append(_("without what they print"))
    return _joined(kept)


def _joined(parts: object) -> str:
    listed = list(parts)  # type: ignore[call-overload]
    return ", ".join(listed) if listed else str(_("nothing set"))


def _shortened(text: str) -> str:
    text = display.visible(" ".join(text.split()))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
