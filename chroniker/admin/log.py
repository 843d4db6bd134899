"""Logs in the admin: read, and deleted, but never written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.filters import DateFieldListFilter
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chroniker.admin import deletion, display, log_page, told
from chroniker.admin.log_list import CappedPaginator, ErrorFilter, JobFilter, LogChangeList
from chroniker.admin.log_views import LogViews
from chroniker.admin.state_line import state_line
from chroniker.constants import Status
from chroniker.models import Job, Log
from chroniker.moments import utc_now

_ABOUT_THE_RUN = (
    *("job", "state", "exit_code", "trigger", "triggered_by", "scheduled"),
    *("started", "lateness", "ended", "duration_text", "attempt"),
    *("cpu_time", "peak_memory", "hostname", "pid", "late_outcome"),
)


_MOSTLY_EMPTY = {
    **{name: name for name in ("exit_code", "trigger", "triggered_by", "pid", "late_outcome")},
    "scheduled": "scheduled_for",
    "lateness": "lateness_ms",
    "cpu_time": "cpu_seconds",
    "peak_memory": "peak_memory_bytes",
}
"""Fields that are only shown where these columns have something."""


class LogAdmin(LogViews):
    """Runs: how they went, and what they printed for those who may read it."""

    list_display = (
        *("job_name", "state", "started", "duration_text", "scheduled_for"),
        *("trigger", "attempt", "exit_code", "hostname"),
    )
    # What has an index whose values are mostly different; the rest would sort a million rows.
    sortable_by = ("started", "duration_text")
    list_filter = (
        "status",
        "trigger",
        ("run_start_datetime", DateFieldListFilter),
        ("job", JobFilter),
        ErrorFilter,
    )
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ("job",)
    search_fields = ("job__name", "job__command")
    show_full_result_count = False
    paginator = CappedPaginator

    class Media:
        css = {"all": ("chroniker/css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> Any:
        """Logs without what was printed, which nothing but their own page shows."""
        logs = super().get_queryset(request).select_related("job")
        return logs.defer("stdout", "stderr", "arguments")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LogChangeList]:
        """A list that can go on beyond what it pages through."""
        return LogChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """The logs of jobs with all these words in name or command: few jobs, many logs."""
        if not search_term.strip():
            return queryset, False
        jobs = Job.objects.order_by()
        for word in search_term.split():
            jobs = jobs.filter(Q(name__icontains=word) | Q(command__icontains=word))
        return queryset.filter(job__in=jobs.values("pk")), False

    # Who may what

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Runs make logs; people do not."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Log | None = None) -> bool:
        """Nobody: a log says what happened."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Log | None = None) -> Any:
        """What is known of the run; with which arguments it ran only for who may read output."""
        names = [name for name in _ABOUT_THE_RUN if _has(obj, name)]
        if self.has_output_permission(request, obj):
            names.append("arguments_text")
        if obj is not None and told.may_view(request):
            names.append("told")
        return [(_("The run"), {"fields": names})]

    def get_readonly_fields(self, request: HttpRequest, obj: Log | None = None) -> Any:
        """All of them."""
        return (*_ABOUT_THE_RUN, "arguments_text", "told")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """These logs, without loading what they hold; a run that goes on keeps its log."""
        logs = (
            Log.objects.filter(pk__in=[log.pk for log in objs]) if isinstance(objs, list) else objs
        )
        return deletion.of_logs(logs, request, self.admin_site)

    # Columns and fields

    @admin.display(description=gettext_lazy("job"))
    def job_name(self, log: Log) -> str:
        """The job's name, without what its own text says of its state."""
        return display.visible(log.job.name)

    @admin.display(description=gettext_lazy("state"))
    def state(self, log: Log) -> str:
        """How the run stands or ended, and why."""
        status = Status(log.state)
        return display.pill(status.value, str(status.label), log.reason or "")

    @admin.display(description=gettext_lazy("run start"), ordering="run_start_datetime")
    def started(self, log: Log) -> str:
        """When the run was claimed, to the second."""
        return display.exact_moment(log.run_start_datetime)

    @admin.display(description=gettext_lazy("scheduled for"))
    def scheduled(self, log: Log) -> str:
        """The occurrence it stands for, in the job's own time zone as well."""
        there = display.elsewhere(log.scheduled_for, log.job.valid_zone_name)
        return display.lines(filter(None, (display.exact_moment(log.scheduled_for), there)))

    @admin.display(description=gettext_lazy("late by"))
    def lateness(self, log: Log) -> str:
        """How long after its scheduled time the run was claimed."""
        return display.duration(timedelta(milliseconds=log.lateness_ms or 0))

    @admin.display(description=gettext_lazy("run end"))
    def ended(self, log: Log) -> str:
        """When the run ended, to the second."""
        return display.exact_moment(log.run_end_datetime)

    @admin.display(description=gettext_lazy("duration"), ordering="duration_seconds")
    def duration_text(self, log: Log) -> str:
        """How long the run took."""
        return display.duration(log.duration) or display.NOTHING

    @admin.display(description=gettext_lazy("CPU time"))
    def cpu_time(self, log: Log) -> str:
        """How long processors worked for the run."""
        return display.duration(timedelta(seconds=log.cpu_seconds or 0)) or display.NOTHING

    @admin.display(description=gettext_lazy("peak memory"))
    def peak_memory(self, log: Log) -> str:
        """How much memory its process and the largest of its programs took."""
        return filesizeformat(log.peak_memory_bytes or 0)

    @admin.display(description=gettext_lazy("arguments"))
    def arguments_text(self, log: Log) -> str:
        """What it ran, and with which arguments."""
        return display.code(log.arguments) if log.arguments else display.NOTHING

    @admin.display(description=gettext_lazy("notifications"))
    def told(self, log: Log) -> str:
        """Who was told of it, or why nobody was; and where that can be changed."""
        return told.of_run(log, self.admin_site)

    # The page

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With how the run went, what it printed for who may read that, and the runs around it."""
        log: Log | None = context.get("original")
        if log is not None:
            context.update(self._around(request, log))
        return super().render_change_form(request, context, *args, **kwargs)

    def _around(self, request: HttpRequest, log: Log) -> dict[str, Any]:
        may_read = self.has_output_permission(request, log)
        list_url = f"{self.url('chroniker_log_changelist')}?job__id__exact={log.job_id}"
        return {
            "state_line": state_line(log, utc_now()),
            "is_running": log_page.is_running(log),
            "live_url": self.url("chroniker_log_live", log.pk),
            "part_url": self.url("chroniker_log_part", log.pk),
            "may_read_output": may_read,
            "streams": log_page.streams(log, self.url) if may_read else [],
            "kin": log_page.kin(log, self.url, list_url, may_compare=may_read),
        }


def _has(log: Log | None, name: str) -> bool:
    """Whether a field that is empty of many runs has something to say."""
    column = _MOSTLY_EMPTY.get(name)
    return column is None or getattr(log, column, None) not in (None, "")
