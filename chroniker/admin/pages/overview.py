"""Is everything fine? What needs somebody, what runs, what comes, and who looks after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chroniker import settings
from chroniker.admin import display, silence
from chroniker.admin.pages.base import Page
from chroniker.constants import BAD_ENDS, Status
from chroniker.models import Host, Job, JobHost, Log, job_rows
from chroniker.models.state import LATE, is_stale, running, state_of
from chroniker.moments import to_instant, to_stored, utc_now

SHOWN = 10
"""So many jobs each part lists; the rest is a link away."""

SECONDS = 5
AHEAD = timedelta(hours=1)
_HOST_SHOWN = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A job in a part of the page: its name as a link, and a word on it."""

    name: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A list of jobs. ``more`` is what there is besides those listed, ``url`` where all are."""

    title: str
    rows: list[Row]
    more: int
    url: str
    nothing: str


def context(admin: Any, request: HttpRequest) -> dict[str, Any]:
    """What the page shows; it is the same that is asked for again later."""
    return {
        "body": _body(admin, request),
        "live_url": admin.url("chroniker_job_overview_live"),
        "live_seconds": SECONDS,
    }


def live(admin: Any, request: HttpRequest) -> dict[str, Any]:
    """The page's parts as HTML."""
    return {"html": _body(admin, request)}


def _body(admin: Any, request: HttpRequest) -> str:
    now = utc_now()
    hosts = silence.hosts()
    parts = [_needs_attention(admin, now), _running_now(admin, now), _next_hour(admin, now)]
    values = {
        "parts": parts,
        "hosts": [_host(host, now) for host in hosts if _is_shown(host, now)],
        "today": _today(now) if admin.has_logs_permission(request) else None,
        "logs_url": admin.url("chroniker_log_changelist"),
        "capacity": settings.capacity(),
        "is_empty": not Job.objects.exists(),
    }
    return render_to_string("admin/chroniker/pages/overview_body.html", values, request)


# The parts


def _needs_attention(admin: Any, now: datetime) -> Part:
    stored = to_stored(now - LATE)
    bad = Q(last_run_successful=False) | Q(error__gt="")
    late = Q(is_running=False, force_run=False, retry_at=None, next_run__lte=stored)
    silent = Q(is_running=True, last_heartbeat__lt=to_stored(now - _stale_after()))
    jobs = Job.objects.filter(bad | late | silent, enabled=True)
    # Those that ended badly last come first, then those that are late; last what is known.
    known = F("acknowledged_at").asc(nulls_first=True)
    found = _loaded(jobs.order_by(known, "last_run_successful", "-last_run", "next_run"), now)
    return Part(
        title=_("Needs attention"),
        rows=[_row(admin, job, now) for job in found[:SHOWN]],
        more=_more(jobs, found),
        url=f"{admin.url('chroniker_job_changelist')}?state=failing",
        nothing=_("Nothing: all is well."),
    )


def _running_now(admin: Any, now: datetime) -> Part:
    jobs = Job.objects.filter(
        Q(is_running=True) | Q(pk__in=JobHost.objects.all_running().values("job"))
    )
    found = _loaded(jobs.order_by("last_run_start_timestamp"), now)
    return Part(
        title=_("Running now"),
        rows=[_row(admin, job, now) for job in found[:SHOWN]],
        more=_more(jobs, found),
        url=f"{admin.url('chroniker_job_changelist')}?state=running",
        nothing=_("Nothing."),
    )


def _next_hour(admin: Any, now: datetime) -> Part:
    jobs = Job.objects.filter(
        enabled=True,
        is_running=False,
        next_run__gt=to_stored(now),
        next_run__lte=to_stored(now + AHEAD),
    )
    found = list(jobs.order_by("next_run", "name")[: SHOWN + 1])
    rows = [
        Row(name=_name(admin, job), words=display.moment(job.next_run, _clock(job.next_run)))
        for job in found[:SHOWN]
    ]
    return Part(
        title=_("Next hour"),
        rows=rows,
        more=_more(jobs, found),
        url=admin.url("chroniker_job_changelist") + "?o=4",
        nothing=_("Nothing."),
    )


def _stale_after() -> timedelta:
    return timedelta(minutes=settings.CHRONIKER_STALE_MINUTES)


def _loaded(jobs: Any, now: datetime) -> list[Any]:
    """The first of these jobs, and one more if there is one, with what their states need."""
    found = list(job_rows.annotated(jobs, now)[: SHOWN + 1])
    job_rows.load(found, now)
    return found


def _more(jobs: Any, found: list[Any]) -> int:
    return jobs.count() - SHOWN if len(found) > SHOWN else 0


def _row(admin: Any, job: Any, now: datetime) -> Row:
    state = state_of(job, now)
    parts: list[str] = [display.pill(state.kind, state.words, state.detail)]
    if running(job):
        if job.progress_percent is not None:
            parts.append(display.progress_bar(job.progress_percent))
        if is_stale(job, now):
            parts.append(display.small(_("gives no sign of life")))
    elif job.last_run is not None:
        ago = _("last run %s") % display.ago(to_instant(job.last_run), now)
        parts.append(display.small(display.moment(job.last_run, ago)))
    return Row(name=_name(admin, job), words=display.words(parts))


def _name(admin: Any, job: Job) -> str:
    url = reverse("admin:chroniker_job_change", args=(job.pk,), current_app=admin.admin_site.name)
    return display.link(url, display.visible(job.name))


def _clock(moment: datetime) -> str:
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%H:%M}"


# Who looks after it, and how the day went


def _is_shown(host: Host, now: datetime) -> bool:
    """Not what has been gone for long."""
    last = to_instant(host.last_tick)
    return last is not None and now - last < _HOST_SHOWN


def _host(host: Host, now: datetime) -> str:
    last = to_instant(host.last_tick)
    silent = host.is_silent(now)
    pill = display.pill("late" if silent else "succeeded", host.hostname)
    words = display.moment(host.last_tick, _("ticked %s") % display.ago(last, now))
    return display.words((pill, display.small(words)))


@dataclass(frozen=True, kw_only=True)
class Today:
    """The runs that began today, in the time zone of who looks."""

    runs: str
    failed: str
    is_bad: bool


def _today(now: datetime) -> Today:
    local = timezone.localtime(now) if timezone.is_aware(now) else now
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    begun = Log.objects.filter(run_start_datetime__gte=to_stored(midnight))
    counted = begun.aggregate(
        runs=Count("pk", filter=~Q(status=Status.SKIPPED)),
        failed=Count("pk", filter=Q(status__in=BAD_ENDS)),
    )
    runs, failed = counted["runs"], counted["failed"]
    return Today(
        runs=ngettext("%d run today", "%d runs today", runs) % runs,
        failed=ngettext("%d failed", "%d failed", failed) % failed,
        is_bad=bool(failed),
    )


PAGE = Page(name="overview", title=gettext_lazy("Overview"), context=context, live=live)
