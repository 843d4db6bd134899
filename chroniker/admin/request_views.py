"""The pages behind the buttons Run and Stop: they write a request, and lead back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from chroniker.admin.actions import JobActions
from chroniker.admin.columns import JobColumns
from chroniker.models import Job

_NO_RUN = -1
_DIGITS_OF_A_FENCE = 18


class RequestViews(JobActions, JobColumns):
    """For admins of jobs. The addresses are the admin's own; the views take POST only."""

    def run_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for a run of a job."""
        job = self.get_permitted(request, object_id, self.has_run_permission)
        self.ask_to_run(request, job)
        return self._back(request, job)

    def stop_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for the end of a job's run."""
        job = self.get_permitted(request, object_id, self.has_stop_permission)
        self.ask_to_stop(request, job, _fence(request))
        return self._back(request, job)

    def get_permitted(self, request: HttpRequest, object_id: int, may: Callable[..., bool]) -> Job:
        """The job with this id, for who may see it and do this with it.

        Raises PermissionDenied before it is known whether there is such a job, else Http404.
        """
        if not (self.has_view_permission(request) and may(request)):
            raise PermissionDenied
        job: Job | None = self.get_object(request, str(object_id))
        if job is None:
            raise Http404
        if not (self.has_view_permission(request, job) and may(request, job)):
            raise PermissionDenied
        return job

    def _back(self, request: HttpRequest, job: Job) -> HttpResponse:
        """To the list as it was filtered, or to the job's page; nowhere else, whoever asks."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}"
        if "inline" in request.GET:
            url = self.url(f"{prefix}_changelist")
            chosen = request.POST.get("_changelist_filters", "")
            filters = urlencode({"_changelist_filters": chosen}) if chosen else ""
        else:
            url = self.url(f"{prefix}_change", job.pk)
            filters = self.get_preserved_filters(request)
        context: Any = {"preserved_filters": filters, "opts": self.opts}
        return HttpResponseRedirect(add_preserved_filters(context, url))


def _fence(request: HttpRequest) -> int | None:
    """Which run was on the screen; None if that was not said."""
    text = request.POST.get("fence")
    if text is None:
        return None
    return int(text) if text.isdecimal() and len(text) <= _DIGITS_OF_A_FENCE else _NO_RUN
