"""The buttons and pages that acknowledge and snooze what goes wrong with a job."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from chroniker.admin import audit, display
from chroniker.admin.actions import asks_first
from chroniker.admin.forms import label_parts
from chroniker.admin.request_views import RequestViews
from chroniker.fingerprint import LENGTH
from chroniker.models import Job, JobQuerySet, acknowledgement
from chroniker.moments import to_instant, to_stored, utc_now

_USUAL = timedelta(days=1)
_LONGEST = timedelta(days=366)


class SnoozeForm(forms.Form):
    """Until when nobody is to hear of a job's failures."""

    until = forms.SplitDateTimeField(
        label=gettext_lazy("Until"),
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date"},
            time_attrs={"type": "time"},
            date_format="%Y-%m-%d",
            time_format="%H:%M",
        ),
        help_text=gettext_lazy(
            "Nobody is told of failures until then, whatever the error. Runs go on."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_parts(self.fields["until"])

    def clean_until(self) -> datetime:
        """Refuse what is over, and what would be forgotten."""
        now = utc_now()
        try:
            until: datetime = to_instant(self.cleaned_data["until"])
        except OverflowError:
            raise ValidationError(_("This is outside the years that the calendar has.")) from None
        if until <= now:
            raise ValidationError(_("This is over already."))
        if until > now + _LONGEST:
            raise ValidationError(_("This is more than a year ahead."))
        return until


class AcknowledgementViews(RequestViews):
    """For admins of jobs."""

    def acknowledgement_urls(self) -> list[URLPattern]:
        """The addresses of the buttons."""
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:object_id>/acknowledge/",
                wrap(require_POST(self.acknowledge_view)),
                name="chroniker_job_acknowledge",
            ),
            path("<int:object_id>/snooze/", wrap(self.snooze_view), name="chroniker_job_snooze"),
            path(
                "<int:object_id>/hear/",
                wrap(require_POST(self.hear_view)),
                name="chroniker_job_hear",
            ),
        ]

    def acknowledge_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Note that the error on the screen is known."""
        job = self.get_permitted(request, object_id, self.has_silence_permission)
        error = request.POST.get("error", "")[:LENGTH]
        name = {"job": job.name}
        person = request.user.get_username()
        if error.isalnum() and acknowledgement.acknowledge(job, error, person, utc_now()):
            self.log_change(request, job, _("Acknowledged the error."))
            text = _("Nobody will be told of “%(job)s” until its error changes or it recovers.")
            self.message_user(request, text % name, messages.SUCCESS)
        else:
            text = _("“%(job)s” no longer fails of that error, so nothing was acknowledged.")
            self.message_user(request, text % name, messages.WARNING)
        return self._back(request, job)

    def snooze_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let nobody hear of failures for a while."""
        job = self.get_permitted(request, object_id, self.has_silence_permission)
        tomorrow = to_stored(utc_now() + _USUAL)
        local = timezone.localtime(tomorrow) if timezone.is_aware(tomorrow) else tomorrow
        form = SnoozeForm(request.POST or None, initial={"until": local.replace(tzinfo=None)})
        if request.method == "POST" and form.is_valid():
            until = form.cleaned_data["until"]
            acknowledgement.snooze(job, until, request.user.get_username())
            moment = display.plain_moment(to_stored(until))
            self.log_change(request, job, _("Snoozed until %s.") % moment)
            words = {"job": job.name, "moment": moment}
            text = _("Nobody will be told of failures of “%(job)s” until %(moment)s.") % words
            self.message_user(request, text, messages.SUCCESS)
            return HttpResponseRedirect(self.url("chroniker_job_change", job.pk))
        context = {
            **self.own_page(request, job, _("Snooze %s") % job.name),
            "here": _("Snooze"),
            "form": form,
        }
        return TemplateResponse(request, "admin/chroniker/job/snooze.html", context)

    def hear_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take back what was acknowledged and snoozed."""
        job = self.get_permitted(request, object_id, self.has_silence_permission)
        self._hear_again(request, [job.pk])
        return self._back(request, job)

    @admin.action(
        description=gettext_lazy("Acknowledge errors of selected jobs"), permissions=["silence"]
    )
    @asks_first
    def acknowledge_selected_jobs(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Note of each that what it fails of now is known."""
        jobs = list(Job.objects.filter(pk__in=list(queryset.values_list("pk", flat=True))))
        person = request.user.get_username()
        known = acknowledgement.acknowledge_all(jobs, person, utc_now())
        audit.note(request, known, _("Acknowledged the error."))
        done, left = len(known), len(jobs) - len(known)
        words = ngettext("%d error was acknowledged.", "%d errors were acknowledged.", done)
        self._tell(request, done, words)
        self._tell_of_rest(
            request, left, ngettext("%d job does not fail.", "%d jobs do not fail.", left)
        )

    @admin.action(description=gettext_lazy("Hear of selected jobs again"), permissions=["silence"])
    @asks_first
    def hear_of_selected_jobs(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Take back what was acknowledged and snoozed of each."""
        self._hear_again(request, list(queryset.values_list("pk", flat=True)))

    def _hear_again(self, request: HttpRequest, ids: list[int]) -> None:
        heard = acknowledgement.hear_again(ids)
        audit.note(request, heard, _("Ended acknowledgement and snooze."))
        done = len(heard)
        words = ngettext(
            "People will be told again of failures of %d job.",
            "People will be told again of failures of %d jobs.",
            done,
        )
        self._tell(request, done, words)

    def silence_context(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        """What the page of a job shows of it, as far as this person may press something."""
        return {
            "may_silence": self.has_silence_permission(request, job),
            "is_silenced": acknowledgement.is_partly_silenced(job, utc_now()),
        }
