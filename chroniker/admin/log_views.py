"""The addresses of a log besides Django's own: what is new of it, parts, files, a comparison."""

from __future__ import annotations

from functools import partial
from typing import Any

import django
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, re_path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from chroniker.admin import attempts, comparison_page, display, log_page, output
from chroniker.admin.output import Gap
from chroniker.admin.pause_banner import PauseBanner
from chroniker.admin.permissions import JobPermissions
from chroniker.admin.state_line import state_line
from chroniker.models import Log
from chroniker.moments import utc_now

_LISTS_BREADCRUMBS = (6, 1)


class LogViews(JobPermissions, PauseBanner):
    """For the admin of logs. All of these pages are only read."""

    def url(self, name: str, *args: object) -> str:
        """The address of a page of this admin site."""
        return reverse(f"admin:{name}", args=args, current_app=self.admin_site.name)

    def get_urls(self) -> list[Any]:
        """The pages besides Django's own; a slash after a file is taken as in 1.x."""
        files = [
            re_path(
                rf"^(?P<object_id>[0-9]+)/{stream}/?$",
                self._read(partial(self.file_view, stream=stream)),
                name=f"chroniker_log_{stream}",
            )
            for stream in output.STREAMS
        ]
        others = [
            path(f"<int:object_id>/{name}/", self._read(view), name=f"chroniker_log_{name}")
            for name, view in (
                ("live", self.live_view),
                ("part", self.part_view),
                ("compare", self.compare_view),
            )
        ]
        return [*files, *others, *super().get_urls()]

    def _read(self, view: Any) -> Any:
        return self.admin_site.admin_view(require_safe(view))

    def get_readable(self, request: HttpRequest, object_id: object, *, with_output: bool) -> Log:
        """The log with this id, for who may see it and, if asked for, what was printed.

        Raises PermissionDenied before it is known whether there is such a log, else Http404.
        """
        self._check(request, None, with_output=with_output)
        log: Log | None = self.get_object(request, str(object_id))
        if log is None:
            raise Http404
        self._check(request, log, with_output=with_output)
        return log

    def _check(self, request: HttpRequest, log: Log | None, *, with_output: bool) -> None:
        may = self.has_view_permission(request, log)
        if not may or (with_output and not self.has_output_permission(request, log)):
            raise PermissionDenied

    def file_view(self, request: HttpRequest, object_id: str, stream: str) -> HttpResponseBase:
        """What was printed, as a file."""
        log = self.get_readable(request, object_id, with_output=True)
        return output.download(log.pk, stream)

    def live_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """How the run stands, and what it printed since the marks that are sent with this."""
        log = self.get_readable(request, object_id, with_output=False)
        news: dict[str, Any] = {
            "running": log_page.is_running(log),
            "state": state_line(log, utc_now()),
        }
        if self.has_output_permission(request, log):
            news["streams"] = {
                stream: log_page.added(text, request.GET.get(stream, ""))
                for stream, text in output.newest(log.pk).items()
            }
        return JsonResponse(news)

    def part_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """A piece of what the page leaves out, from its beginning or its end."""
        log = self.get_readable(request, object_id, with_output=True)
        gap, asked = _gap(request), request.GET
        if gap is None or asked.get("stream") not in output.STREAMS:
            return HttpResponseBadRequest()
        find = output.last_part if asked.get("from") == "end" else output.first_part
        return JsonResponse(
            log_page.part(find(log.pk, asked["stream"], gap), asked.get("style", ""))
        )

    def compare_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What differs from the last good run before it, or from another one of the job."""
        log = self.get_readable(request, object_id, with_output=True)
        other = self._other(request, log)
        exact = "exact" in request.GET
        context = {
            **self.admin_site.each_context(request),
            "title": _("Compare runs of %s") % display.visible(log.job.name),
            "here": _("Compare"),
            "opts": self.opts,
            "app_label": self.opts.app_label,
            "original": log,
            "object_id": log.pk,
            "media": self.media,
            "breadcrumbs": self._breadcrumbs(log),
            "lists_breadcrumbs": django.VERSION >= _LISTS_BREADCRUMBS,
            "pause_banner": self.banner(request),
            "other": other,
            "exact": exact,
            "log_url": self.url("chroniker_log_change", log.pk),
            **(comparison_page.context(log, other, self.url, exact=exact) if other else {}),
        }
        return TemplateResponse(request, "admin/chroniker/log/compare.html", context)

    def _breadcrumbs(self, log: Log) -> list[tuple[str, str]]:
        """The way to a page of this log."""
        app = self.opts.app_label
        return [
            (self.url("index"), _("Home")),
            (self.url("app_list", app), str(self.opts.app_config.verbose_name)),
            (self.url("chroniker_log_changelist"), str(capfirst(self.opts.verbose_name_plural))),
            (self.url("chroniker_log_change", log.pk), display.visible(str(log))),
        ]

    def _other(self, request: HttpRequest, log: Log) -> Log | None:
        """The run that was asked for, else the last good one."""
        asked = request.GET.get("with", "")
        if not asked:
            return attempts.last_good(log)
        other = self.get_readable(request, asked, with_output=True)
        if other.job_id != log.job_id:
            raise Http404
        return other


def _gap(request: HttpRequest) -> Gap | None:
    """The characters that are asked for; None if that makes no sense."""
    ends = [request.GET.get(name, "") for name in ("start", "end")]
    if not all(end.isascii() and end.isdecimal() and len(end) < len("1000000000") for end in ends):
        return None
    gap = Gap(*map(int, ends))
    return gap if gap.size > 0 else None
