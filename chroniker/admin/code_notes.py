"""What is said of the fields that code declares: in the job's form, and above it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from chroniker.admin import display
from chroniker.models import Job


def of_fields(job: Job) -> dict[str, str]:
    """For each field that code declares, what its form says of that."""
    if not job.declared:
        return {}
    from chroniker.jobs_in_code import owned  # every process imports the admin

    return {
        field.name: _("Changed here; the code says: %s") % written(field.code)
        if field.is_edited
        else _("Declared in code.")
        for field in owned.fields_of(job)
    }


def summary(job: Job) -> str:
    """Where it is declared and what was changed here, as HTML; '' for a job of the admin's."""
    if not job.code_key:
        return ""
    from chroniker.jobs_in_code import owned

    told = [_("Declared in code as"), display.code(job.code_key)]
    if job.code_retired_at is not None:
        told.append(_("(gone from there, and disabled for it)"))
    edited = [field.name for field in owned.fields_of(job) if field.is_edited]
    if edited:
        told.append(display.pill("waiting", _("Changed here"), ", ".join(edited)))
    return display.words(told)


def written(value: Any) -> str:
    """A declared value as text."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or display.NOTHING
    return display.NOTHING if value in (None, "") else str(value)
