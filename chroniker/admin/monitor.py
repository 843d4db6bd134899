"""Monitors in the admin: what needs attention."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from chroniker.admin import display
from chroniker.admin.live_list import LiveList
from chroniker.admin.state import running
from chroniker.models import Job, Monitor

_LOCAL_OR_WEB = re.compile(r"(?:https?:)?//|[^\x00-\x20\x7f:]*(?:[/?#]|\Z)", re.IGNORECASE)
"""What an address must begin with: the web, or no scheme at all."""


class MonitorAdmin(LiveList):
    """Jobs that check a condition; to be looked at here, and edited as jobs."""

    list_display = (
        *("name_str", "status", "monitor_records", "last_run_with_link", "get_timeuntil"),
        *("action_buttons", "edit_button"),
    )
    list_display_links = None
    list_filter = ("last_run_successful", "enabled")
    search_fields = ("name",)
    actions = None
    fields = (
        *("name_str", "status", "monitor_description", "monitor_records", "last_run_with_link"),
        "get_timeuntil",
    )
    readonly_fields = fields
    show_full_result_count = False
    live_columns = ("status", "monitor_records", "last_run_with_link", "get_timeuntil")

    class Media:
        css = {"all": ("chroniker/css/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A monitor is added as a job."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """A monitor is edited as a job."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """A monitor is deleted as a job."""
        return False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Without what this person may not do."""
        columns = [*super().get_list_display(request)]
        if not self.has_run_permission(request):
            columns.remove("action_buttons")
        if not self.has_logs_permission(request):
            columns[columns.index("last_run_with_link")] = "last_run_text"
        return columns

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With a title that says what the list is for."""
        return super().changelist_view(
            request, {"title": _("View monitors"), **(extra_context or {})}
        )

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def name_str(self, monitor: Monitor) -> str:
        """The name, as a link to the records that need attention."""
        name = display.visible(monitor.name)
        url = _address(monitor)
        return display.outward_link(url, name) if url else name

    @admin.display(description=gettext_lazy("status"), ordering="last_run_successful")
    def status(self, monitor: Monitor) -> str:
        """Whether something needs attention."""
        return display.live_row(monitor.pk, display.pill(*_status(monitor)))

    @admin.display(description="", empty_value="")
    def action_buttons(self, monitor: Monitor) -> str:
        """A button that asks for a check."""
        if not monitor.enabled:
            return ""
        url = self.url("chroniker_monitor_run", monitor.pk)
        label = _("Check %s now") % monitor.name
        text = _("Check now")
        return display.row_button(f"{url}?inline=1", text, label=label)

    @admin.display(description="", empty_value="")
    def edit_button(self, monitor: Monitor) -> str:
        """A link to the job's page."""
        return display.link_button(self.url("chroniker_job_change", monitor.pk), _("Edit"))

    def get_urls(self) -> list[Any]:
        """Check now, before what would take it for a monitor's id."""
        run = self.admin_site.admin_view(require_POST(self.run_view))
        return [
            self.live_url(),
            path("<int:object_id>/run/", run, name="chroniker_monitor_run"),
            *super().get_urls(),
        ]


def _status(monitor: Monitor) -> tuple[str, str]:
    """The kind of its state, and the word for it."""
    if running(monitor):
        return "running", _("Checking")
    if monitor.last_run_successful is None:
        return "idle", _("Unknown")
    if monitor.last_run_successful:
        return "succeeded", _("OK")
    return "failed", _("Needs attention")


def _address(monitor: Monitor) -> str | None:
    """Where the monitor's records are; None if that is not known, or leads out of the web."""
    try:
        url = (monitor.monitor_url_rendered or "").strip()
    except (TemplateSyntaxError, TemplateDoesNotExist):
        return None
    return url if url and _LOCAL_OR_WEB.match(url) else None
