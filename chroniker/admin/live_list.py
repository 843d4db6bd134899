"""A list of jobs whose rows are true without a reload."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any, ClassVar

from django.contrib.admin.utils import display_for_field
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from chroniker.admin import job_list
from chroniker.admin.request_views import RequestViews
from chroniker.models import job_rows
from chroniker.moments import utc_now


class LiveList(RequestViews):
    """For admins of jobs. ``live_columns`` are those whose cells change by themselves."""

    live_columns: ClassVar[Collection[str]] = ()

    def get_queryset(self, request: HttpRequest) -> Any:
        """Jobs that know of their last runs."""
        return job_rows.annotated(super().get_queryset(request), utc_now())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[job_list.JobChangeList]:
        """A list whose jobs know what their rows show."""
        return job_list.JobChangeList

    def offers(self, request: HttpRequest) -> frozenset[str]:
        """Which buttons of a row this person may press."""
        may = {
            "run": self.has_run_permission,
            "stop": self.has_stop_permission,
            "logs": self.has_logs_permission,
        }
        return frozenset(name for name, allowed in may.items() if allowed(request))

    def load_rows(self, request: HttpRequest, jobs: Collection[Any]) -> None:
        """Load what the rows of these jobs show to this person."""
        offers = self.offers(request)
        for job in jobs:
            job.offers = offers
        job_list.load(jobs, partial(self.pauses, request), utc_now())

    def live_url(self) -> URLPattern:
        """The address of the cells that change."""
        view = self.admin_site.admin_view(require_safe(self.live_view))
        return path("live/", view, name=f"chroniker_{self.opts.model_name}_live")

    def live_view(self, request: HttpRequest) -> HttpResponse:
        """The cells that change, as HTML, of the rows that the address names: ``?ids=1,2``."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        jobs = list(self.get_queryset(request).filter(pk__in=job_list.ids_asked_for(request)))
        self.load_rows(request, jobs)
        shown: list[Any] = [*self.get_list_display(request)]
        columns = [name for name in shown if name in self.live_columns]
        rows = {job.pk: {name: self._cell(name, job) for name in columns} for job in jobs}
        return JsonResponse({"rows": rows})

    def _cell(self, name: str, job: Any) -> str:
        """A cell as the list shows it: what a method of ours makes, or a column of the table."""
        column = getattr(self, name, None)
        if column is not None:
            return str(column(job))
        field: Any = self.opts.get_field(name)
        return str(display_for_field(getattr(job, name), field, self.get_empty_value_display()))
