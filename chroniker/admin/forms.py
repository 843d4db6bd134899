"""The form of a job: what may be chosen, and that it writes only what was changed in it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management import get_commands
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from chroniker import constants, settings
from chroniker.admin import code_notes, display
from chroniker.command_parser import fault_of_job
from chroniker.environment import guarded_lines
from chroniker.models import Job

Choices = list[tuple[str, Any]]


TELLS = frozenset({"subscribers", "notify_urls", "ping_url"})
"""Fields of a job that let more people, or services, hear of what it prints."""


class JobForm(forms.ModelForm):
    """A job as people write it.

    Each field also posts the value that it was shown with. A field that was not touched keeps the
    value that the job has by then: what a run or somebody else has written meanwhile is kept, and
    what was stored long ago is not held against who edits something else.
    """

    may_edit_raw_command = True
    """Whether the person may write what decides which code runs."""

    user: Any = None
    """Who is writing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("command", command_choices())
        self._offer("timezone", timezone_choices())
        self._offer("shell", shell_choices())
        self._offer("frequency", [*constants.FREQ_CHOICES])
        for field in self.fields.values():
            if isinstance(field.widget, forms.SplitDateTimeWidget):
                label_parts(field)
        if self.instance.pk:
            for name in self._own_fields():
                self.fields[name].show_hidden_initial = True
            for name, note in code_notes.of_fields(self.instance).items():
                if name in self.fields:
                    help_text = (str(self.fields[name].help_text), display.strong(note))
                    self.fields[name].help_text = display.words(filter(None, help_text))

    def clean(self) -> dict[str, Any]:
        """Leave alone what was not touched."""
        cleaned = super().clean() or self.cleaned_data
        for name in self._untouched():
            self.errors.pop(name, None)
            cleaned[name] = getattr(self.instance, name)
        for name in set(cleaned) - self._untouched():
            if isinstance(cleaned[name], str):  # browsers write line ends their own way
                cleaned[name] = cleaned[name].replace("\r\n", "\n")
        return cleaned

    def _post_clean(self) -> None:
        """Let the command itself judge the arguments if either was changed, or who is told."""
        super()._post_clean()  # type: ignore[misc]
        changed = {"command", "args"} & self.fields.keys() - self._untouched()
        is_asked = changed or TELLS & set(self.changed_data)
        if is_asked and self.instance.command and not {"command", "args"} & self.errors.keys():
            job, is_new = self.instance, bool(changed)
            fault = fault_of_job(job, job.args, self.user, is_new=is_new)
            if fault:
                self.add_error("args" if "args" in self.fields else None, fault)

    def clean_environment(self) -> str:
        """Refuse variables that change which code runs to who may not write raw commands."""
        written: str = self.cleaned_data["environment"]
        stored = self.initial.get("environment", "") if self.instance.pk else ""
        changed = guarded_lines(written) ^ guarded_lines(stored)
        if changed and not self.may_edit_raw_command:
            raise ValidationError(
                _(
                    "You need the permission to edit raw commands to add, change or remove %s: "
                    "references, and variables that decide which code runs."
                )
                % ", ".join(sorted({name for name, _value in changed}))
            )
        return written

    def add_error(self, field: str | None, error: Any) -> None:
        """Show an error at its field; where the form has no such field, at the top."""
        if field is None and hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                known = name in self.fields
                super().add_error(
                    name if known else None, errors if known else _named(name, errors)
                )
        else:
            super().add_error(field, error)

    def _get_validation_exclusions(self) -> set[str]:
        exclusions: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions | self._untouched()

    def _own_fields(self) -> list[str]:
        """The fields of the form that are columns of the job."""
        return [field.name for field in Job._meta.concrete_fields if field.name in self.fields]

    def _untouched(self) -> set[str]:
        """The fields that were posted as they had been shown."""
        if not self.instance.pk:
            return set()
        shown = {
            name for name in self._own_fields() if self._was_shown(self[name].html_initial_name)
        }
        return shown - set(self.changed_data)

    def _was_shown(self, name: str) -> bool:
        """Whether what was shown came back; a date and its time come back as two."""
        return name in self.data or f"{name}_0" in self.data

    def _offer(self, name: str, choices: Choices) -> None:
        """Make a field a choice; a value that is stored but no longer offered can be kept."""
        old = self.fields.get(name)
        if old is None:
            return
        stored = getattr(self.instance, name)
        if stored and stored not in _values(choices):
            choices = [*choices, (stored, _("%s (not found)") % stored)]
        self.fields[name] = forms.ChoiceField(
            choices=choices,
            required=old.required,
            label=old.label,
            help_text=old.help_text,
            initial=old.initial,
        )


def label_parts(field: Any) -> None:
    """Let a screen reader say of a date and a time what they are the date and the time of."""
    date, time = field.widget.widgets
    date.attrs["aria-label"] = _("%s: date") % field.label
    time.attrs["aria-label"] = _("%s: time") % field.label


def command_choices() -> Choices:
    """All management commands, by app; an empty choice first."""
    by_app: dict[str, list[str]] = {}
    for command, app in get_commands().items():
        by_app.setdefault(app, []).append(command)
    groups = [
        (_app_label(app), [(command, command) for command in sorted(commands)])
        for app, commands in by_app.items()
    ]
    return [("", _EMPTY), *sorted(groups)]


def shell_choices() -> Choices:
    """The shells that may be used; first none."""
    known = settings.CHRONIKER_SHELLS if settings.CHRONIKER_ALLOW_SHELL else ()
    return [("", _("without a shell")), *((path, path) for path in known)]


def timezone_choices() -> Choices:
    """All time zones, by region; the project's own first."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in _zone_names():
        region, slash, _city = name.partition("/")
        regions.setdefault(region if slash else str(_("Other")), []).append((name, name))
    project = _("the project's: %s") % (django_settings.TIME_ZONE or "UTC")
    return [("", project), ("UTC", "UTC"), *sorted(regions.items())]


_EMPTY = "---------"


@cache
def _zone_names() -> tuple[str, ...]:
    """All names but UTC, which stands for itself; cached because it walks over many files."""
    return tuple(sorted(available_timezones() - {"UTC"}))


def _app_label(app: str) -> str:
    """An app's name as people read it."""
    for config in apps.get_app_configs():
        if config.name == app:
            return str(capfirst(config.verbose_name))
    return app


def _values(choices: Iterable[tuple[Any, Any]]) -> set[str]:
    values: set[str] = set()
    for value, label in choices:
        values |= _values(label) if isinstance(label, list) else {value}
    return values


def _named(name: str, errors: list[ValidationError]) -> list[str]:
    """Errors of a field that is not in the form, so that it is plain what they are about."""
    messages = ValidationError(errors).messages
    if name == NON_FIELD_ERRORS:
        return messages
    label = capfirst(str(label_for_field(name, Job)))
    return [f"{label}: {message}" for message in messages]
