"""Hosts in the admin: which look for due jobs, and which are not expected to any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chroniker.admin import audit, display
from chroniker.admin.pause_banner import PauseBanner
from chroniker.models import Host
from chroniker.moments import to_instant, utc_now


class HostAdmin(PauseBanner):
    """What hosts tell of themselves. Nobody writes that; a host can be retired, or forgotten."""

    list_display = ("name", "state", "ticked", "every", "version", "capacity", "away")
    list_display_links = ("name",)
    search_fields = ("hostname",)
    show_full_result_count = False
    fields = ("name", "state", "ticked", "every", "version", "capacity", "away")
    readonly_fields = fields
    actions = ("retire", "expect")

    class Media:
        css = {"all": ("chroniker/css/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: a host adds itself."""
        return False

    @admin.display(description=gettext_lazy("hostname"), ordering="hostname")
    def name(self, host: Host) -> str:
        """Its name."""
        return display.visible(host.hostname)

    @admin.display(description=gettext_lazy("state"))
    def state(self, host: Host) -> str:
        """Whether it looks for due jobs, as it should."""
        now = utc_now()
        if host.is_retired:
            return display.pill("idle", _("Retired"))
        if not host.is_silent(now):
            return display.pill("succeeded", _("Ticks"))
        if not host.is_expected(now):
            return display.pill("idle", _("Not expected any more"))
        return display.pill("late", _("Silent"))

    @admin.display(description=gettext_lazy("last tick"), ordering="last_tick")
    def ticked(self, host: Host) -> str:
        """When a scheduler last looked for due jobs there."""
        return display.exact_moment(host.last_tick)

    @admin.display(description=gettext_lazy("ticks every"), ordering="tick_seconds")
    def every(self, host: Host) -> str:
        """How often it usually does."""
        return display.duration(timedelta(seconds=host.tick_seconds))

    @admin.display(description=gettext_lazy("last silence"), ordering="away_until")
    def away(self, host: Host) -> str:
        """From when to when it did not, and what that has cost."""
        begin, end = to_instant(host.away_from), to_instant(host.away_until)
        if begin is None or end is None:
            return display.NOTHING
        lasted = display.small(_("for %s") % display.duration(end - begin))
        moments = display.words((display.exact_moment(host.away_from), lasted))
        return display.lines((moments, display.small(display.visible(host.away_cost))))

    @admin.action(
        description=gettext_lazy("Retire selected hosts: nobody expects them to tick"),
        permissions=["change"],
    )
    def retire(self, request: HttpRequest, queryset: Any) -> None:
        """Their silence is told no more; one that ticks is in use again."""
        self._set(request, queryset, is_retired=True, note=_("Retired."))

    @admin.action(description=gettext_lazy("Expect selected hosts to tick"), permissions=["change"])
    def expect(self, request: HttpRequest, queryset: Any) -> None:
        """Take that back."""
        self._set(request, queryset, is_retired=False, note=_("Expected to tick."))

    def _set(self, request: HttpRequest, queryset: Any, *, is_retired: bool, note: str) -> None:
        changed = list(queryset.exclude(is_retired=is_retired))
        Host.objects.filter(pk__in=[host.pk for host in changed]).update(is_retired=is_retired)
        audit.note(request, changed, note)
        done = len(changed)
        words = ngettext("%d host was changed.", "%d hosts were changed.", done) % done
        self.message_user(request, words, "success" if done else "info")
