"""Pauses in the admin: what is paused, and how it is ended."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chroniker import constants, signals, write_database
from chroniker.admin import audit, display
from chroniker.admin.pause_banner import PauseBanner
from chroniker.admin.permissions import may_pause
from chroniker.models import Pause
from chroniker.models.database_clock import database_now
from chroniker.models.pause import PauseQuerySet
from chroniker.moments import to_instant, utc_now


class PauseAdmin(PauseBanner):
    """Times in which nothing new starts. Who may add, change and delete them: Django's own."""

    list_display = ("what", "state", "reason_text", "begins", "ends", "by")
    list_display_links = ("what",)
    list_select_related = ("job",)
    search_fields = ("reason", "pattern", "job__name", "created_by")
    show_full_result_count = False
    fields = ("job", "pattern", "reason", "starts_at", "ends_at", "by")
    readonly_fields = ("by",)
    raw_id_fields = ("job",)
    actions = ("end_now",)

    class Media:
        css = {"all": ("chroniker/css/admin.css",)}

    @admin.display(description=gettext_lazy("what"), ordering="job__name")
    def what(self, pause: Pause) -> str:
        """The job, the jobs that a pattern matches, or all."""
        return display.visible(pause.what())

    @admin.display(description=gettext_lazy("state"), ordering="ends_at")
    def state(self, pause: Pause) -> str:
        """Whether it holds now."""
        now = utc_now()
        if pause.is_over(now):
            return display.pill("idle", _("Over"))
        if pause.is_active(now):
            return display.pill("paused", _("Holds now"))
        return display.pill("waiting", _("Later"))

    @admin.display(description=gettext_lazy("reason"), ordering="reason", empty_value="")
    def reason_text(self, pause: Pause) -> str:
        """Why."""
        return display.visible(pause.reason)

    @admin.display(description=gettext_lazy("from"), ordering="starts_at")
    def begins(self, pause: Pause) -> str:
        """When it begins."""
        return display.exact_moment(pause.starts_at)

    @admin.display(description=gettext_lazy("until"), ordering="ends_at")
    def ends(self, pause: Pause) -> str:
        """When it ends."""
        return display.exact_moment(pause.ends_at)

    @admin.display(description=gettext_lazy("by"), ordering="created_by")
    def by(self, pause: Pause) -> str:
        """Who made it."""
        return display.visible(pause.created_by) or display.NOTHING

    # Who may what: besides Django's own permissions, who may pause jobs

    def has_view_permission(self, request: HttpRequest, obj: Pause | None = None) -> bool:
        """Also who may pause jobs."""
        return may_pause(request) or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Also who may pause jobs."""
        return may_pause(request) or super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Pause | None = None) -> bool:
        """Also who may pause jobs."""
        return may_pause(request) or super().has_change_permission(request, obj)

    # What is told of it

    @admin.action(description=gettext_lazy("End selected pauses now"), permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: PauseQuerySet) -> None:
        """End those that are not over; what was missed is then made up for, or not."""
        chosen = list(queryset.values_list("pk", flat=True))
        ended = Pause.objects.filter(pk__in=chosen).end(_now())
        audit.note(request, ended, _("Ended."))
        done, left = len(ended), len(chosen) - len(ended)
        words = ngettext("%d pause was ended.", "%d pauses were ended.", done) % done
        self.message_user(request, words, "success" if done else "info")
        if left:
            words = ngettext("%d pause was over.", "%d pauses were over.", left) % left
            self.message_user(request, words, "info")

    def save_model(self, request: HttpRequest, obj: Pause, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's own
        """Store it with who made it, and tell who listens if it begins or ends by that."""
        now = _now()
        before = form.initial.get("ends_at")
        was_over = not change or (before is not None and to_instant(before) <= now)
        if not change:
            obj.created_by = request.user.get_username()[: constants.LONGEST_USERNAME]
        super().save_model(request, obj, form, change)
        if was_over != obj.is_over(now):
            obj.tell(signals.scheduler_paused if was_over else signals.scheduler_resumed)

    def delete_model(self, request: HttpRequest, obj: Pause) -> None:
        """Delete it; one that is not over ends by that."""
        self.delete_queryset(request, Pause.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete them; those that are not over end by that."""
        ended = list(queryset.not_over(_now()).select_related("job"))
        super().delete_queryset(request, queryset)
        for pause in ended:
            pause.tell(signals.scheduler_resumed)


def _now() -> Any:
    return database_now(write_database.alias())
