"""What a job waits for, on its page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.forms.utils import pretty_name
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chroniker.admin import display
from chroniker.models import JobDependency


class LabelledFormSet(BaseInlineFormSet):
    """Rows whose fields say to a screen reader what they are: a table has no labels."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Also to the box that deletes the row."""
        super().add_fields(form, index)
        for name, field in form.fields.items():
            field.widget.attrs.setdefault("aria-label", field.label or pretty_name(name))


class JobDependencyInline(admin.TabularInline):
    """The jobs that this one waits for."""

    model = JobDependency
    formset = LabelledFormSet
    fk_name = "dependent"
    extra = 1
    raw_id_fields = ("dependee",)
    readonly_fields = ("criteria_met",)
    verbose_name = gettext_lazy("dependency")
    verbose_name_plural = gettext_lazy("dependencies: this job waits for")

    def get_queryset(self, request: HttpRequest) -> Any:
        """With both jobs, which the criteria compare."""
        return super().get_queryset(request).select_related("dependee", "dependent")

    @admin.display(description=gettext_lazy("met"))
    def criteria_met(self, dependency: JobDependency) -> str:
        """Whether the job may start as far as this goes, or why not."""
        if dependency._state.adding:
            return display.NOTHING
        unmet = dependency.unmet_criterion()
        return display.pill("waiting", unmet) if unmet else display.pill("succeeded", _("Yes"))
