"""Jobs to a file and back, in the admin: an action, and a page that shows before it changes.

Nothing is kept between the two steps of an import. What was uploaded goes along in the form,
signed for the person who uploaded it, and is compared anew; the step that changes something does
exactly what was shown, or nothing.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import label_for_field
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chroniker import permissions, write_database
from chroniker.admin import display
from chroniker.admin.forms import TELLS
from chroniker.admin.request_views import RequestViews
from chroniker.command_parser import fault_of_job
from chroniker.exceptions import CannotImport
from chroniker.interchange.application import apply
from chroniker.interchange.comparison import compare
from chroniker.interchange.difference import Difference, FieldChange, JobChange, Kind
from chroniker.interchange.document import Document
from chroniker.interchange.files import FORMS, MOST_BYTES, decode, form_of
from chroniker.interchange.stored import document_of
from chroniker.models import Job, JobDependency, JobQuerySet

MOST_SHOWN = 500
"""So many changed jobs are shown; more of them are for the command line."""

_LONGEST_VALUE = 500
_AGE_SECONDS = 60 * 60
_KINDS = {
    Kind.NEW: gettext_lazy("new"),
    Kind.CHANGED: gettext_lazy("changed"),
    Kind.RETIRED: gettext_lazy("disabled"),
}


class UploadForm(forms.Form):
    """A file of jobs."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("JSON or YAML as the action “Export” writes it, or a crontab."),
    )
    form = forms.ChoiceField(
        label=gettext_lazy("Form"),
        required=False,
        choices=[("", gettext_lazy("by the file's name")), *((name, name) for name in FORMS)],
    )

    def clean_file(self) -> Any:
        """Refuse what is too long before any of it is read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(most)s bytes.") % {"most": f"{MOST_BYTES:,}"}
            )
        return file

    def clean(self) -> dict[str, Any]:
        """Find out what form it has."""
        data = super().clean() or {}
        if "file" in data and not data.get("form"):
            form = form_of(data["file"].name)
            if form is None:
                raise forms.ValidationError({"form": _("Say which form the file has.")})
            data["form"] = form.name
        return data


class Exchange:
    """Exports and imports for the admin of jobs."""

    def __init__(self, admin: RequestViews) -> None:
        self._admin: Any = admin

    def export(self, request: HttpRequest, queryset: JobQuerySet, name: str) -> HttpResponse | None:
        """A file of these jobs in the form with this name; if it cannot be, None and a message."""
        form = FORMS[name]
        try:
            text, _left_out = form.write(document_of(queryset))
        except CannotImport as error:
            for fault in error.faults:
                self._admin.message_user(request, display.visible(fault), messages.ERROR)
            return None
        response = HttpResponse(text, content_type=f"{form.content_type}; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="jobs{form.endings[0]}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def page(self, request: HttpRequest) -> HttpResponse:
        """Take a file, show what importing it would change, and change that once it is agreed."""
        if not (self._admin.has_view_permission(request) and self._may_import_anything(request)):
            raise PermissionDenied
        upload = UploadForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {"form": upload}
        try:
            if "signed" in request.POST:
                return self._import(request)
            if request.method == "POST" and upload.is_valid():
                text = decode(upload.cleaned_data["file"].read())
                context = self._shown(request, text, upload.cleaned_data["form"])
        except CannotImport as error:
            context = {
                "form": UploadForm(),
                "faults": [display.visible(each) for each in error.faults],
            }
        context = {
            **self._admin.own_page(request, None, _("Import jobs")),
            "here": _("Import"),
            **context,
        }
        return TemplateResponse(request, "admin/chroniker/job/import.html", context)

    def _may_import_anything(self, request: HttpRequest) -> bool:
        return bool(
            self._admin.has_add_permission(request) or self._admin.has_change_permission(request)
        )

    def _shown(self, request: HttpRequest, text: str, form: str) -> dict[str, Any]:
        difference = compare(FORMS[form].read(text), write_database.alias())
        faults = [*difference.faults, *self._forbidden(request, difference)]
        if len(difference.to_do) > MOST_SHOWN:
            faults.append(
                _("These are more than %d jobs; import them with cron_import.") % MOST_SHOWN
            )
        return {
            "form": UploadForm(),
            "faults": [display.visible(fault) for fault in faults],
            "changes": [_row(change) for change in difference.to_do[:MOST_SHOWN]],
            "unchanged": len(difference.of(Kind.UNCHANGED)),
            "left_out": [display.visible(str(each)) for each in difference.left_out],
            "is_read": True,
            "signed": "" if faults or not difference.to_do else _sign(request, text, form),
            "agreed": difference.fingerprint,
        }

    def _import(self, request: HttpRequest) -> HttpResponse:
        text, form = _unsign(request, request.POST["signed"])
        document = FORMS[form].read(text)
        using = write_database.alias()
        with transaction.atomic(using=using):
            difference = self._apply(request, document, using)
            for change in difference.to_do:
                self._note(request, change)
        count = len(difference.to_do)
        words = ngettext("%d job was imported.", "%d jobs were imported.", count) % count
        self._admin.message_user(request, words, messages.SUCCESS)
        return HttpResponseRedirect(self._admin.url("chroniker_job_changelist"))

    def _apply(self, request: HttpRequest, document: Document, using: str) -> Difference:
        difference = apply(document, using, agreed=request.POST.get("agreed", ""))
        # Asked of what was done, in the transaction it was done in: nobody can come between.
        forbidden = self._forbidden(request, difference)
        if forbidden:
            raise CannotImport(forbidden)
        return difference

    def _note(self, request: HttpRequest, change: JobChange) -> None:
        """Write it down where all changes of a job are, without the values, which may be secret."""
        if change.kind is Kind.NEW:
            self._admin.log_addition(request, change.job, _("Imported."))
        else:
            names = ", ".join(field.name for field in change.fields)
            self._admin.log_change(request, change.job, _("Imported: %s.") % names)

    def _forbidden(self, request: HttpRequest, difference: Difference) -> list[str]:
        """What of it this person may not do by hand either."""
        found = []
        for change in difference.to_do:
            job = None if change.kind is Kind.NEW else change.job
            may = self._admin.has_add_permission(request)
            if job is not None:
                may = self._admin.has_change_permission(request, job)
            if not may:
                found.append(_("%s: you may not do that to it.") % change.title)
            elif change.decides_code and not self._admin.has_edit_raw_command_permission(
                request, change.job
            ):
                found.append(_("%s: it takes the permission to edit raw commands.") % change.title)
            elif _links(change) and not self._may_link(request):
                found.append(_("%s: you may not change what it waits for.") % change.title)
            elif _uses_a_shell(change) and not self._admin.has_use_shell_permission(
                request, change.job
            ):
                found.append(_("%s: it takes the permission to use shells.") % change.title)
            elif fault := _fault(change, request):
                found.append(f"{change.title}: {fault}")
        return found

    def _may_link(self, request: HttpRequest) -> bool:
        actions = ("add", "change", "delete")
        return all(permissions.may(request.user, action, JobDependency) for action in actions)


def _links(change: JobChange) -> bool:
    return any(field.name == "dependencies" for field in change.fields)


def _uses_a_shell(change: JobChange) -> bool:
    return any(field.name == "shell" and (field.old or field.new) for field in change.fields)


def _fault(change: JobChange, request: HttpRequest) -> str:
    """What the command itself says of arguments, or of who hears of it, that this person brings."""
    names = {field.name for field in change.fields}
    job, is_new = change.job, bool(names & {"command", "args"})
    if not job.command or not (is_new or names & TELLS):
        return ""
    return fault_of_job(job, job.args, request.user, is_new=is_new)


def _row(change: JobChange) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "words": _KINDS[change.kind],
        "name": display.visible(change.title),
        "fields": [_field_row(field, change.kind) for field in change.fields],
    }


def _field_row(field: FieldChange, kind: Kind) -> dict[str, Any]:
    words = _LABELS.get(field.name) or label_for_field(field.name, Job)
    return {
        "label": capfirst(str(words)),
        "old": "" if kind is Kind.NEW else _value(field.old),
        "new": _value(field.new),
    }


_LABELS: dict[str, Any] = {"dependencies": gettext_lazy("Waits for")}


def _value(value: Any) -> str:
    if value is None or value == "":
        return display.NOTHING
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return display.visible(text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…")


def _sign(request: HttpRequest, text: str, form: str) -> str:
    packed = base64.b64encode(zlib.compress(text.encode())).decode()
    return signing.dumps([form, packed], salt=_salt(request))


def _unsign(request: HttpRequest, signed: str) -> tuple[str, str]:
    """The text and its form. Raises CannotImport for what we have not signed, for this person."""
    try:
        form, packed = signing.loads(signed, salt=_salt(request), max_age=_AGE_SECONDS)
    except signing.BadSignature:
        raise CannotImport(
            [_("This page is too old, or not of ours. Upload the file again.")]
        ) from None
    return zlib.decompress(base64.b64decode(packed)).decode(), form


def _salt(request: HttpRequest) -> str:
    return f"chroniker.import.{request.user.pk}"
