"""Monitors in the admin: what needs attention."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import formats
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from chroniker.admin import display, run_bars
from chroniker.admin.live_list import LiveList
from chroniker.models import Job, Log, Monitor, acknowledgement
from chroniker.models.state import running
from chroniker.moments import utc_now
from chroniker.monitors.definition import BELOW, Definition, in_words
from chroniker.monitors.history import streak
from chroniker.monitors.options import definition_of

_LOCAL_OR_WEB = re.compile(r"(?:https?:)?//|[^\x00-\x20\x7f:]*(?:[/?#]|\Z)", re.IGNORECASE)
"""What an address must begin with: the web, or no scheme at all."""

_LONGEST_DESCRIPTION = 120


class MonitorAdmin(LiveList):
    """Jobs that check a condition; to be looked at here, and edited as jobs."""

    list_display = (
        *("name_str", "status", "found", "checks", "last_run_with_link", "get_timeuntil"),
        *("action_buttons", "edit_button"),
    )
    list_display_links = None
    list_filter = ("last_run_successful", "enabled")
    search_fields = ("name",)
    actions = None
    fields = (
        *("name_str", "status", "monitor_description", "found", "checks"),
        *("last_run_with_link", "get_timeuntil"),
    )
    readonly_fields = fields
    show_full_result_count = False
    live_columns = ("status", "found", "checks", "last_run_with_link", "get_timeuntil")

    class Media:
        css = {"all": ("chroniker/css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> Any:
        """Monitors that know since when they need attention."""
        return super().get_queryset(request).annotate(attention_since=_attention_since())

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The monitor, with its last checks."""
        monitor: Any = super().get_object(request, *args, **kwargs)
        if monitor is not None:
            self.load_rows(request, [monitor])
        return monitor

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
        url = self._address(monitor)
        linked = display.outward_link(url, name) if url else name
        description = " ".join((monitor.monitor_description or "").split())
        if not description:
            return linked
        shortened = Truncator(display.visible(description)).chars(_LONGEST_DESCRIPTION)
        return display.lines((linked, display.small(shortened)))

    def _address(self, monitor: Monitor) -> str | None:
        """Where its records are; None if that is not known, or leads out of the web."""
        if not monitor.monitor_url:
            from chroniker.monitors import link  # every process imports the admin

            return link.address_of(monitor, utc_now(), self.admin_site)
        try:
            url = (monitor.monitor_url_rendered or "").strip()
        except Exception:  # noqa: BLE001 - whatever was typed; its mails say so in our log
            return None
        return url if url and _LOCAL_OR_WEB.match(url) else None

    @admin.display(description=gettext_lazy("status"), ordering="last_run_successful")
    def status(self, monitor: Monitor) -> str:
        """Whether something needs attention, since when, and how near it is to an alarm."""
        silence = acknowledgement.silence(monitor, utc_now())
        pill = display.pill(*_status(monitor), silence)
        parts = [pill, *map(display.small, _remarks(monitor))]
        return display.live_row(monitor.pk, display.lines(parts))

    @admin.display(description=gettext_lazy("found"), ordering="monitor_records")
    def found(self, monitor: Monitor) -> str:
        """What the last check has counted, and how much would be too much."""
        number = display.NOTHING
        if monitor.monitor_records is not None:
            number = formats.number_format(monitor.monitor_records)
        definition = _definition(monitor)
        if definition is None:
            return number
        return display.lines((number, display.small(_limit(definition))))

    @admin.display(description=gettext_lazy("last checks"), ordering="last_run")
    def checks(self, monitor: Any) -> str:
        """What the last checks have counted; with links for who may follow."""
        runs = getattr(monitor, "last_runs", [])
        may_follow = "logs" in getattr(monitor, "offers", ())
        return run_bars.of_checks(runs, self._log_url if may_follow else None) or display.NOTHING

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


def _remarks(monitor: Any) -> Iterator[str]:
    since = getattr(monitor, "attention_since", None)
    if monitor.last_run_successful is False and since is not None:
        yield _("since %s") % display.plain_moment(since)
    definition = _definition(monitor)
    if definition is None or definition.of_last.checks == 1:
        return
    counts = [log.monitor_records for log in getattr(monitor, "last_runs", [])]
    known = streak(definition, [count for count in counts if count is not None])
    yield _("%(bad)d of the last %(checks)d bad, alarms at %(needed)d") % {
        "bad": known.bad,
        "checks": definition.of_last.checks,
        "needed": known.needed,
    }


def _definition(monitor: Any) -> Definition | None:
    """What it asks, if that is not code."""
    if not hasattr(monitor, "known_definition"):
        monitor.known_definition = definition_of(monitor, utc_now())
    known: Definition | None = monitor.known_definition
    return known


def _limit(definition: Definition) -> str:
    limit = in_words(definition.threshold)
    if definition.direction == BELOW:
        return _("alarm below %s") % limit
    return _("alarm above %s") % limit


def _attention_since() -> Subquery:
    """The first failure after the last success."""
    failures = Log.objects.carried_out().filter(job=OuterRef("pk"), success=False)
    after = Q(run_start_datetime__gte=OuterRef("last_success"))
    first = failures.filter(after | Q(job__last_success=None)).order_by("run_start_datetime")
    return Subquery(first.values("run_start_datetime")[:1])
