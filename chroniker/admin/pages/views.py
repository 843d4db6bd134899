"""The addresses of the pages about all jobs, and who may open them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from chroniker.admin import nav
from chroniker.admin.pages import PAGES
from chroniker.admin.pages.base import Live, Page
from chroniker.admin.request_views import RequestViews


class SitePages(RequestViews):
    """For the admin of jobs."""

    def page_urls(self) -> Iterator[URLPattern]:
        """Each page, and what of it changes."""
        wrap = self.admin_site.admin_view
        for page in PAGES:
            name = f"chroniker_job_{page.name}"
            view = require_safe(partial(self._page_view, page=page))
            yield path(f"{page.name}/", wrap(view), name=name)
            if page.live is not None:
                live = require_safe(partial(self._live_view, live=page.live))
                yield path(f"{page.name}/live/", wrap(live), name=f"{name}_live")

    def _page_view(self, request: HttpRequest, page: Page) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.own_page(request, None, str(page.title)),
            "here": page.title,
            "nav": nav.items(self.admin_site, request),
            **page.context(self, request),
        }
        return TemplateResponse(request, f"admin/chroniker/pages/{page.name}.html", context)

    def _live_view(self, request: HttpRequest, live: Live) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return JsonResponse(live(self, request))
