"""Jobs in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin.options import IS_POPUP_VAR
from django.db import models
from django.forms import Textarea, TextInput
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chroniker import settings
from chroniker.admin import code, code_notes, deletion, graph, installation, job_fieldsets
from chroniker.admin.code import CodePage
from chroniker.admin.forms import JobForm
from chroniker.admin.inlines import JobDependencyInline
from chroniker.admin.installation import InstallationPage
from chroniker.admin.interchange import ExportAndImport
from chroniker.admin.job_list import GroupFilter, LastResultFilter, StateFilter
from chroniker.admin.job_page import JobPage
from chroniker.admin.live_list import LiveList
from chroniker.admin.pages.views import SitePages
from chroniker.models import Job
from chroniker.models.state import running

_WHAT_A_RAW_COMMAND_DOES = (
    *("command", "args", "raw_command", "shell", "hostname", "frequency", "params"),
    *("cron_expression", "timezone", "next_run", "jitter_seconds"),
    *("environment", "working_directory"),
)
"""What may not be changed of a job with a raw command by who may not write raw commands."""


class JobAdmin(JobPage, CodePage, InstallationPage, SitePages, LiveList, ExportAndImport):
    """Jobs: what they are, what they are doing, and the buttons that ask something of them."""

    form = JobForm
    list_display: Any = (
        *("job_name", "state", "get_frequency", "get_timeuntil", "last_runs", "buttons"),
    )
    list_display_links = ("job_name",)
    list_filter = (
        StateFilter,
        ("group", GroupFilter),
        ("last_run_successful", LastResultFilter),
        *("frequency", "hostname", "is_monitor"),
    )
    search_fields = (*("name", "group", "command", "hostname", "current_hostname", "current_pid"),)
    filter_horizontal = ("subscribers",)
    inlines = (JobDependencyInline,)
    actions = (
        *("enable_jobs", "disable_jobs", "toggle_enabled", "run_selected_jobs"),
        *("withdraw_requests", "stop_selected_jobs", "clear_stalled", "pause_selected_jobs"),
        *("acknowledge_selected_jobs", "hear_of_selected_jobs"),
        "send_test",
        *("export_json", "export_yaml", "export_crontab"),
    )
    readonly_fields = job_fieldsets.READ_ONLY
    fieldsets: ClassVar[Any] = job_fieldsets.FIELDSETS
    formfield_overrides = {
        models.CharField: {"widget": TextInput(attrs={"class": "chroniker-wide"})},
        models.TextField: {"widget": Textarea(attrs={"class": "chroniker-wide", "rows": 3})},
    }
    show_full_result_count = False
    live_columns = ("state", "get_timeuntil", "last_runs", "buttons")

    class Media:
        css = {"all": ("chroniker/css/admin.css",)}

    # What is shown to whom

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The job, which knows what pauses it."""
        job: Any = super().get_object(request, *args, **kwargs)
        if job is not None:
            job.held = self.pauses(request).holding(job)
        return job

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Without the buttons that this person may not press, and without any in a popup."""
        hidden = self._hidden(request)
        if IS_POPUP_VAR in request.GET:
            hidden |= {"buttons", "run_button", "stop_button", "view_logs_button"}
        elif not self.offers(request):
            hidden.add("buttons")
        columns = [name for name in super().get_list_display(request) if name not in hidden]
        if self.has_logs_permission(request):
            return columns
        return ["last_run_text" if name == "last_run_with_link" else name for name in columns]

    def _hidden(self, request: HttpRequest) -> set[str]:
        """What leads to where this person may not go."""
        hidden = set()
        if not self.has_run_permission(request):
            hidden.add("run_button")
        if not self.has_stop_permission(request):
            hidden.add("stop_button")
        if not self.has_logs_permission(request):
            hidden |= {"view_logs_button", "last_run_with_link"}
        return hidden

    def get_fieldsets(self, request: HttpRequest, obj: Job | None = None) -> Any:
        """Without what has nothing to say: of a new job, of a job without error."""
        if self.fieldsets is not job_fieldsets.FIELDSETS:  # a subclass's own
            return super().get_fieldsets(request, obj)
        hidden = self._hidden(request)
        if obj is None:
            hidden |= {*self.get_readonly_fields(request)} - job_fieldsets.OF_A_NEW_JOB
        else:
            hidden |= _without_news(obj)
        if "shell" in self.get_readonly_fields(request, obj) and not (obj and obj.shell):
            hidden.add("shell")
        return job_fieldsets.of_job(obj or Job(), lambda name: name not in hidden)

    def get_readonly_fields(self, request: HttpRequest, obj: Job | None = None) -> Any:
        """Besides what a job tells of itself: what this person may not change of it."""
        readonly = [*super().get_readonly_fields(request, obj)]
        has_raw = obj is not None and bool((obj.raw_command or "").strip())
        may_edit_raw = self.has_edit_raw_command_permission(request, obj)
        if has_raw and not may_edit_raw:
            readonly += _WHAT_A_RAW_COMMAND_DOES
            if obj is not None and not obj.enabled:
                readonly.append("enabled")
        elif not may_edit_raw or (settings.CHRONIKER_DISABLE_RAW_COMMAND and not has_raw):
            # Where raw commands are disabled, one that is stored can still be taken out.
            readonly.append("raw_command")
        uses_shell = obj is not None and bool(obj.shell)
        may_use_shell = settings.CHRONIKER_ALLOW_SHELL or uses_shell
        if not (may_use_shell and self.has_use_shell_permission(request, obj)):
            readonly.append("shell")
        return list(dict.fromkeys(readonly))

    def get_form(
        self, request: HttpRequest, obj: Job | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """With word of what this person may write."""
        form: Any = super().get_form(request, obj, *args, **kwargs)
        form.user = request.user
        form.may_edit_raw_command = self.has_edit_raw_command_permission(request, obj)
        return form

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What would be deleted; a job that is running is not."""
        return deletion.of_jobs(objs, request, self.admin_site)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With what the page's buttons depend on."""
        job: Job | None = context.get("original")
        if job is None:
            context["schedule_url"] = self.url("chroniker_job_new_schedule")
        else:
            context |= self.page_context(request, job) | {
                "may_run_with": self.has_run_with_permission(request, job),
                "pause_url": self.pause_url(request, job),
                "code_summary": code_notes.summary(job),
                "may_see_code": self.has_change_permission(request, job),
                "schedule_url": self.url("chroniker_job_schedule", job.pk),
                "state_url": self.url("chroniker_job_state", job.pk),
            }
        context["command_url"] = self.url("chroniker_job_command")
        return super().render_change_form(request, context, *args, **kwargs)

    # Pages of its own

    def get_urls(self) -> list[Any]:
        """Run, stop and the graph, before what would take them for a job's id."""
        wrap = self.admin_site.admin_view
        own: list[URLPattern] = [
            path(
                "<int:object_id>/run/",
                wrap(require_POST(self.run_view)),
                name="chroniker_job_run",
            ),
            path(
                "<int:object_id>/run-with/",
                wrap(self.run_with_view),
                name="chroniker_job_run_with",
            ),
            path(
                "<int:object_id>/code/",
                wrap(code.code_methods(self.code_view)),
                name="chroniker_job_code",
            ),
            path(
                "installation/",
                wrap(installation.installation_methods(self.installation_view)),
                name="chroniker_job_installation",
            ),
            path(
                "<int:object_id>/stop/",
                wrap(require_POST(self.stop_view)),
                name="chroniker_job_stop",
            ),
            path(
                "<int:object_id>/graph/duration/",
                wrap(require_safe(self.duration_graph_view)),
                name="chroniker_job_duration_graph",
            ),
            path("import/", wrap(self.import_view), name="chroniker_job_import"),
        ]
        own += [self.live_url(), *self.page_urls(), *self.job_page_urls()]
        return [*own, *super().get_urls()]

    def duration_graph_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """How long the last runs took."""
        job = self.get_permitted(request, object_id, self.has_logs_permission)
        context = {
            **self.own_page(request, job, _("Durations of %s") % job.name),
            "here": _("Durations"),
            "logs_url": self.logs_url(job),
            "graph": graph.of_job(job, lambda pk: self.url("chroniker_log_change", pk)),
        }
        return TemplateResponse(request, "admin/chroniker/job/duration_graph.html", context)


def _without_news(job: Job) -> set[str]:
    """The fields that have nothing to say of this job now."""
    silent = {
        name
        for name in ("error", "held_until", "force_run", "force_stop")
        if not getattr(job, name)
    }
    return silent if running(job) else silent | {*job_fieldsets.WHILE_RUNNING}
