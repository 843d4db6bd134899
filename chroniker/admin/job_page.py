"""What stands above the form on a job's page, and what the page asks for while it is open."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from chroniker.admin import (
    display,
    gate_list,
    graph,
    neighbours,
    schedule_preview,
    trouble_lines,
)
from chroniker.admin.acknowledgement_views import AcknowledgementViews
from chroniker.admin.commands.views import CommandViews
from chroniker.models import Job, job_rows
from chroniker.models.state import fence_on_screen, running
from chroniker.moments import utc_now

LIGHT_PARTS = ("state", "run", "stop")
HEAVY_PARTS = ("trouble", "gates", "history", "neighbours")
"""What changes while the page is open; each has a template of its own."""

_SCHEDULE = (
    *("frequency", "params", "cron_expression", "timezone", "next_run", "jitter_seconds"),
    *("active_from", "active_until"),
)
_ANY_COMMAND = "check"


class JobPage(CommandViews, AcknowledgementViews):
    """For the admin of jobs."""

    def job_page_urls(self) -> list[URLPattern]:
        """What the page asks for."""
        wrap = self.admin_site.admin_view
        return [
            *self.acknowledgement_urls(),
            path("command/", wrap(require_POST(self.command_view)), name="chroniker_job_command"),
            path(
                "add/schedule/",
                wrap(require_POST(self.schedule_view)),
                name="chroniker_job_new_schedule",
            ),
            path(
                "<int:object_id>/schedule/",
                wrap(require_POST(self.schedule_view)),
                name="chroniker_job_schedule",
            ),
            path(
                "<int:object_id>/state/",
                wrap(require_safe(self.state_view)),
                name="chroniker_job_state",
            ),
        ]

    def page_context(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        """What the parts above the form show, as far as this person may see it."""
        context = self._light_context(request, job)
        may_see_logs = context["may_see_logs"]
        return context | {
            **self.silence_context(request, job),
            "trouble": trouble_lines.of_job(
                job,
                self._log_url if may_see_logs else None,
                lambda error: f"{self.logs_url(job)}&fingerprint={error}",
            ),
            "gates": gate_list.of_job(job),
            "graph": graph.of_job(job, self._log_url) if may_see_logs else None,
            "neighbours": neighbours.of_job(job, utc_now(), self._job_url),
        }

    def _light_context(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        """What is asked for every few seconds."""
        job_rows.load([job], utc_now())
        may_see_logs = self.has_logs_permission(request, job)
        return {
            "original": job,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            "may_run": self.has_run_permission(request, job),
            "may_stop": self.has_stop_permission(request, job),
            "may_see_logs": may_see_logs,
            "is_running": bool(running(job)),
            "fence": fence_on_screen(job),
            "state": self.state(job),
            "last_run": self.last_run_with_link(job) if may_see_logs else self.last_run_text(job),
            "next_run": self.get_timeuntil(job),
            "started": display.moment(job.last_run_start_timestamp) if job.is_running else "",
        }

    def state_view(self, request: HttpRequest, object_id: int) -> JsonResponse:
        """The parts above the form as they are now; with ``?light`` those that cost little."""
        job = self.get_permitted(request, object_id, self.has_view_permission)
        is_light = "light" in request.GET
        context = (self._light_context if is_light else self.page_context)(request, job)
        names = LIGHT_PARTS if is_light else (*LIGHT_PARTS, *HEAVY_PARTS)
        parts = {name: _rendered(name, context) for name in names}
        return JsonResponse({"parts": parts, "mark": _mark(job)})

    def schedule_view(self, request: HttpRequest, object_id: int | None = None) -> JsonResponse:
        """What the schedule that is typed comes to, or what is wrong with it; saves nothing."""
        if object_id is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
            # What it runs may be chosen later, and is no matter of its schedule.
            job = Job(name=_ANY_COMMAND, command=_ANY_COMMAND)
        else:
            job = self.get_permitted(request, object_id, self.has_change_permission)
        form = self.get_form(request, job, fields=_SCHEDULE)(request.POST, instance=job)
        errors = {name: [*form.errors[name]] for name in _SCHEDULE if name in form.errors}
        errors = errors or _settled(form.instance)
        html = "" if errors else schedule_preview.render(form.instance, utc_now())
        return JsonResponse({"errors": errors, "html": html})

    def pause_url(self, request: HttpRequest, job: Job) -> str:
        """Where this person can pause the job; '' where that is not for them, or nowhere."""
        if not self.has_pause_permission(request, job):
            return ""
        try:
            return f"{self.url('chroniker_pause_add')}?job={job.pk}"
        except NoReverseMatch:  # a project's own admin may leave out pauses
            return ""

    def _job_url(self, pk: int) -> str:
        return self.url("chroniker_job_change", pk)

    def schedule_preview(self, job: Job) -> SafeString:
        """The schedule in words, and its next runs."""
        html = schedule_preview.render(job, utc_now())
        return display.part("schedule", html)

    schedule_preview.short_description = gettext_lazy("next runs")  # type: ignore[attr-defined]


def _settled(job: Job) -> dict[str, list[str]]:
    """Let the next run follow the schedule as saving would; returns what is wrong with it."""
    job.enabled = True  # so that a disabled job shows when it would run
    try:
        job.settle_schedule()
    except ValidationError as error:
        return error.message_dict
    return {}


def _mark(job: Job) -> str:
    """Another one once a run has begun or ended, or somebody has changed the job."""
    counted = (job.revision, job.fence, len(running(job)), getattr(job, "last_log_id", None))
    return "-".join(map(str, (*counted, job.force_run)))


def _rendered(name: str, context: dict[str, Any]) -> str:
    return render_to_string(f"admin/chroniker/job/parts/{name}.html", context).strip()
