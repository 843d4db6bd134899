"""What keeps jobs from running now, on top of each page about jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from chroniker import permissions, wording, write_database
from chroniker.admin import display, installation_notice, nav, silence
from chroniker.admin.permissions import may_pause
from chroniker.models import Host, Job, Pause, Pauses
from chroniker.moments import to_stored, utc_now

SHOWN = 5
"""How many pauses are told; all of them are a link away."""


class PauseBanner(admin.ModelAdmin):
    """For admins whose pages say what is paused. A page asks for the pauses in one query."""

    def pauses(self, request: HttpRequest) -> Pauses:
        """The pauses that hold while this request is answered."""
        known: Pauses | None = getattr(request, "_chroniker_pauses", None)
        if known is None:
            known = Pauses.read(write_database.alias(), utc_now())
            request._chroniker_pauses = known  # type: ignore[attr-defined]
        return known

    def banner(self, request: HttpRequest) -> str:
        """What everybody should know, as HTML: all is held, nobody ticks, something is paused."""
        may_set_up = permissions.may(request.user, "change", Job)
        hosts, now = silence.hosts(), utc_now()
        told = (
            installation_notice.notice(request, self.admin_site.name),
            silence.notice(hosts, now, may_set_up=may_set_up),
            _drain_notice(hosts, now),
            self._pause_notice(request),
        )
        return display.beside(filter(None, told))

    def _pause_notice(self, request: HttpRequest) -> str:
        """The pauses that hold now, as HTML; '' without any."""
        active = self.pauses(request).active
        if not active:
            return ""
        told: list[str] = [display.words(_told(pause)) for pause in active[:SHOWN]]
        if len(active) > SHOWN:
            told.append(_("… and %d more") % (len(active) - SHOWN))
        return display.notice(_("Paused"), told, self._link(request))

    def _link(self, request: HttpRequest) -> str:
        """Where pauses are ended, for who may go there."""
        site = self.admin_site
        may = may_pause(request) or permissions.may_view(request.user, Pause)
        if not (may and site.is_registered(Pause)):
            return ""
        url = reverse("admin:chroniker_pause_changelist", current_app=site.name)
        return display.link(url, _("All pauses"))

    # The pages

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the banner; so are those that ask whether to go on with an action."""
        return self._with_banner(request, super().changelist_view(request, extra_context))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """With the banner."""
        return self._with_banner(request, super().changeform_view(request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """With the banner."""
        return self._with_banner(request, super().delete_view(request, *args, **kwargs))

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """With the banner."""
        return self._with_banner(request, super().history_view(request, *args, **kwargs))

    def _with_banner(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if isinstance(response, TemplateResponse) and not response.is_rendered:
            response.context_data = {
                **(response.context_data or {}),
                "pause_banner": self.banner(request),
                "nav": nav.items(self.admin_site, request),
            }
        return response


def _drain_notice(hosts: Sequence[Host], now: datetime) -> str:
    """The hosts on which nothing new starts at ``now`` (aware), as HTML; '' without any."""
    drained = [(host, until) for host in hosts if (until := host.drained(now)) is not None]
    told = [
        display.words((display.strong(host.hostname), _told_drain(host, until)))
        for host, until in drained
    ]
    return display.notice(_("Drained: nothing new starts there"), told, "") if told else ""


def _told_drain(host: Host, until: datetime) -> str:
    values = {"moment": wording.plain_moment(to_stored(until)), "person": host.drained_by}
    return display.visible(_("until %(moment)s, by %(person)s") % values)


def _told(pause: Pause) -> Iterator[str]:
    """What is paused, why, until when and by whom."""
    yield display.strong(display.visible(pause.what()))
    if pause.reason:
        yield display.visible(pause.reason)
    if pause.ends_at is None:
        yield display.small(_("until somebody ends it"))
    else:
        yield display.small(display.words((_("until"), display.moment(pause.ends_at))))
    if pause.created_by:
        yield display.small(display.visible(_("by %s") % pause.created_by))
