"""What code declares of a job, on its page; and the job as code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from chroniker.admin import audit, code_notes, display
from chroniker.admin.request_views import RequestViews
from chroniker.models import Job

if TYPE_CHECKING:
    from chroniker.jobs_in_code.owned import OwnedField


class CodePage(RequestViews):
    """For the admin of jobs."""

    def code_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The job as code; what was changed here can be reset to what was declared."""
        from chroniker.jobs_in_code import export, owned  # every process imports the admin

        job = self.get_permitted(request, object_id, self.has_change_permission)
        if request.method == "POST":
            self._reset(request, job)
            return HttpResponseRedirect(self.url("chroniker_job_code", job.pk))
        fields = owned.fields_of(job)
        context = {
            **self.own_page(request, job, _("%s as code") % job.name),
            "here": _("Code"),
            "fields": [_row(field) for field in fields],
            "may_reset": self._may_reset(request, job) and any(field.is_edited for field in fields),
            "decorator": export.as_decorator(job),
            "setting": export.as_setting(job),
        }
        return TemplateResponse(request, "admin/chroniker/job/code.html", context)

    def _may_reset(self, request: HttpRequest, job: Job) -> bool:
        """What runs a program is for who may write such."""
        is_raw = (job.raw_command or "").strip() or job.declared.get("raw_command")
        return not is_raw or self.has_edit_raw_command_permission(request, job)

    def _reset(self, request: HttpRequest, job: Job) -> None:
        from chroniker.jobs_in_code import owned

        if not self._may_reset(request, job):
            raise PermissionDenied
        try:
            done = owned.reset(job, request.POST.getlist("field"))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return
        if not done:
            messages.warning(request, _("Nothing was chosen that is not as it was declared."))
            return
        fields = ", ".join(done)
        audit.note(request, Job.objects.filter(pk=job.pk), f"Reset to code: {fields}.")
        words = ngettext(
            "One field is as declared again: %(fields)s.",
            "%(count)d fields are as declared again: %(fields)s.",
            len(done),
        )
        messages.success(request, words % {"count": len(done), "fields": fields})


code_methods = require_http_methods(["GET", "HEAD", "POST"])


def _row(field: OwnedField) -> dict[str, Any]:
    return {
        "name": field.name,
        "code": display.visible(code_notes.written(field.code)),
        "here": display.visible(code_notes.written(field.here)),
        "is_edited": field.is_edited,
    }
