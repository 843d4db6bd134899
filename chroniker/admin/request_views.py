"""The pages behind the buttons Run and Stop: they write a request, and lead back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import django
from django import forms
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chroniker import arguments
from chroniker.admin.actions import JobActions
from chroniker.admin.columns import JobColumns
from chroniker.admin.pause_banner import PauseBanner
from chroniker.command_parser import fault_of_job
from chroniker.exceptions import InvalidArguments
from chroniker.models import Job

_LISTS_BREADCRUMBS = (6, 1)
"""Since then the way to a page is marked up as a list, and only styled so."""

_NO_RUN = -1
MOST_ARGUMENTS = 4000
_DIGITS_OF_A_FENCE = 18


class OnceForm(forms.Form):
    """The arguments of one run."""

    args = forms.CharField(
        label=gettext_lazy("Arguments"),
        required=False,
        max_length=MOST_ARGUMENTS,
        widget=forms.TextInput(attrs={"class": "chroniker-wide"}),
        help_text=gettext_lazy("For this run alone; the job keeps its own."),
    )
    job: Job
    user: Any

    def clean_args(self) -> str:
        """Refuse what cannot be split, and arguments of what takes none."""
        args: str = self.cleaned_data["args"]
        if (self.job.raw_command or "").strip():
            raise ValidationError(_("A raw command is run as it stands."))
        try:
            arguments.split(args)
        except InvalidArguments as error:
            raise ValidationError(str(error)) from error
        fault = fault_of_job(self.job, args, self.user)
        if fault:
            raise ValidationError(fault)
        return args


class RequestViews(PauseBanner, JobActions, JobColumns):
    """For admins of jobs. The addresses are the admin's own; the views take POST only."""

    def run_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for a run of a job."""
        job = self.get_permitted(request, object_id, self.has_run_permission)
        self.ask_to_run(request, job)
        return self._back(request, job)

    def run_with_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for a run with other arguments than the job's own, for this once."""
        # Other arguments can make another thing of it: who may not change it may not do that.
        job = self.get_permitted(request, object_id, self.has_run_with_permission)
        form = OnceForm(request.POST or None, initial={"args": job.args})
        form.job, form.user = job, request.user
        if request.method == "POST" and form.is_valid():
            self.ask_to_run(request, job, form.cleaned_data["args"])
            return HttpResponseRedirect(self.url("chroniker_job_change", job.pk))
        context = {
            **self.own_page(request, job, _("Run %s with other arguments") % job.name),
            "here": _("Run"),
            "command_url": self.url("chroniker_job_command"),
            "form": form,
        }
        return TemplateResponse(request, "admin/chroniker/job/run_with.html", context)

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

    def own_page(self, request: HttpRequest, job: Job | None, title: str) -> dict[str, Any]:
        """What a page about a job, or all jobs, needs to look like one of Django's own."""
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "object_id": job and job.pk,
            "original": job,
            "opts": self.opts,
            "app_label": self.opts.app_label,
            "media": self.media,
            "is_popup": False,
            "breadcrumbs": self._breadcrumbs(job),
            "lists_breadcrumbs": django.VERSION >= _LISTS_BREADCRUMBS,
            "pause_banner": self.banner(request),
        }

    def _breadcrumbs(self, job: Job | None) -> list[tuple[str, str]]:
        """The way to a page of this job, or of all."""
        app = self.opts.app_label
        way = [
            (self.url("index"), _("Home")),
            (self.url("app_list", app), str(self.opts.app_config.verbose_name)),
            (self.url("chroniker_job_changelist"), str(capfirst(self.opts.verbose_name_plural))),
        ]
        return way if job is None else [*way, (self.url("chroniker_job_change", job.pk), job.name)]

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
