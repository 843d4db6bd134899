"""Jobs to a file and back: the actions and the page; what they do is in ``exchange``.

Every process with the admin imports this, and hardly any has a file to read.
"""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from chroniker.admin.request_views import RequestViews
from chroniker.models import JobQuerySet


class ExportAndImport(RequestViews):
    """For the admin of jobs."""

    @admin.action(description=gettext_lazy("Export selected jobs (JSON)"), permissions=["view"])
    def export_json(self, request: HttpRequest, queryset: JobQuerySet) -> HttpResponse | None:
        """Download them, to be imported as they are."""
        return self._export(request, queryset, "json")

    @admin.action(description=gettext_lazy("Export selected jobs (YAML)"), permissions=["view"])
    def export_yaml(self, request: HttpRequest, queryset: JobQuerySet) -> HttpResponse | None:
        """Download them, to be imported as they are."""
        return self._export(request, queryset, "yaml")

    @admin.action(description=gettext_lazy("Export selected jobs (crontab)"), permissions=["view"])
    def export_crontab(self, request: HttpRequest, queryset: JobQuerySet) -> HttpResponse | None:
        """Download them as lines of a crontab."""
        return self._export(request, queryset, "crontab")

    def _export(
        self, request: HttpRequest, queryset: JobQuerySet, form: str
    ) -> HttpResponse | None:
        from chroniker.admin.exchange import Exchange

        return Exchange(self).export(request, queryset, form)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file, show what importing it would change, and change that once it is agreed."""
        from chroniker.admin.exchange import Exchange

        return Exchange(self).page(request)
