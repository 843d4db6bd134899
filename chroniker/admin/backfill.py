"""Orders to run past dates of jobs, in the admin: giving, watching, stopping, resuming them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chroniker import constants
from chroniker.admin import audit, display
from chroniker.admin.pause_banner import PauseBanner
from chroniker.exceptions import CannotBackfill
from chroniker.models import Backfill
from chroniker.models.backfill import LONGEST_REASON, BackfillQuerySet, Which
from chroniker.models.backfill_orders import give_order
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored


class BackfillForm(forms.ModelForm):
    """Which dates of which job; says before saving if there are none."""

    class Meta:
        model = Backfill
        fields = ("job", "since", "until", "which")

    def clean(self) -> dict[str, Any]:
        """Refuse an order that nothing would come of, with the reason."""
        data: dict[str, Any] = super().clean() or {}
        if not {"job", "since", "until"} <= set(data):
            return data
        try:
            order, dates = give_order(
                data["job"],
                to_instant(data["since"]),
                to_instant(data["until"]),
                which=Which(data["which"]),
                by="",
                now=database_now(data["job"]._state.db),
                dry_run=True,
            )
        except CannotBackfill as error:
            raise ValidationError({"job": str(error)}) from error
        if not dates:
            raise ValidationError({"since": _("There is no such date to run.")})
        self.instance.total, data["until"] = order.total, order.until
        return data


class BackfillAdmin(PauseBanner):
    """Orders can be given, stopped as a whole and resumed, but not changed."""

    form = BackfillForm
    list_display = ("what", "state", "progress", "since", "until", "which", "by")
    list_display_links = ("what",)
    list_select_related = ("job",)
    list_filter = ("which",)
    search_fields = ("job__name", "created_by")
    raw_id_fields = ("job",)
    show_full_result_count = False
    actions = ("stop", "resume")

    class Media:
        css = {"all": ("chroniker/css/admin.css",)}

    def get_fields(self, request: HttpRequest, obj: Backfill | None = None) -> Any:
        """A given order also tells how far it is."""
        own = ("job", "since", "until", "which")
        return own if obj is None else (*own, "state", "progress", "position", "by")

    def get_readonly_fields(self, request: HttpRequest, obj: Backfill | None = None) -> Any:
        """All of a given order."""
        return () if obj is None else self.get_fields(request, obj)

    @admin.display(description=gettext_lazy("job"), ordering="job__name")
    def what(self, order: Backfill) -> str:
        """Whose dates."""
        return display.visible(order.job.name)

    @admin.display(description=gettext_lazy("state"), ordering="ended_at")
    def state(self, order: Backfill) -> str:
        """Whether it goes on, is done, or was stopped and why."""
        if order.ended_at is None:
            return display.pill("waiting", _("Goes on"))
        if order.reason:
            return display.pill("failed", _("Stopped"), order.reason)
        return display.pill("succeeded", _("Done"))

    @admin.display(description=gettext_lazy("progress"), ordering="done")
    def progress(self, order: Backfill) -> str:
        """How many of its dates have been run."""
        return _("%(done)d of %(total)d") % {"done": order.done, "total": order.total}

    @admin.display(description=gettext_lazy("by"), ordering="created_by")
    def by(self, order: Backfill) -> str:
        """Who gave it."""
        return display.visible(order.created_by) or display.NOTHING

    def save_model(self, request: HttpRequest, obj: Backfill, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's own
        """Store it with who gave it."""
        if not change:
            obj.created_by = request.user.get_username()[: constants.LONGEST_USERNAME]
        super().save_model(request, obj, form, change)

    @admin.action(description=gettext_lazy("Stop selected orders"), permissions=["change"])
    def stop(self, request: HttpRequest, queryset: BackfillQuerySet) -> None:
        """Run no further date of them; the one that runs now goes on to its end."""
        now = to_stored(database_now(queryset.db))
        reason = _("stopped by %s") % request.user.get_username()
        orders = list(queryset.unfinished())
        unfinished = Backfill.objects.filter(pk__in=[order.pk for order in orders]).unfinished()
        done = unfinished.update(ended_at=now, reason=reason[:LONGEST_REASON])
        audit.note(request, orders, _("Stopped."))
        words = ngettext("%d order was stopped.", "%d orders were stopped.", done) % done
        self.message_user(request, words, "success" if done else "info")

    @admin.action(description=gettext_lazy("Resume selected orders"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: BackfillQuerySet) -> None:
        """Go on where they were stopped, with the same date."""
        orders = list(queryset.filter(ended_at__isnull=False))
        stopped = Backfill.objects.filter(pk__in=[order.pk for order in orders])
        done = stopped.update(ended_at=None, reason="")
        audit.note(request, orders, _("Resumed."))
        words = ngettext("%d order goes on.", "%d orders go on.", done) % done
        self.message_user(request, words, "success" if done else "info")
