"""The fields of a command as a template shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chroniker.admin.commands.fields import Field, Kind
from chroniker.admin.commands.given import Given
from chroniker.admin.commands.values import ALONE, shown, stands_alone

_TEMPLATE = "admin/chroniker/job/command_fields.html"


@dataclass(frozen=True, kw_only=True)
class Box:
    """A field, and what it shows."""

    id: str
    name: str
    kind: str
    label: str
    help: str
    hint: str
    value: str
    options: tuple[tuple[str, str], ...]
    is_required: bool
    alone: str
    """The name of the box for an option without its value; '' for others."""
    stands_alone: bool


def render(given: Given, fault: str) -> SafeString:
    """The fields as HTML. With a fault, what is given is not known: they show nothing."""
    boxes = [(one, _box(one, level)) for level in given.levels() for one in level.fields]
    context: dict[str, Any] = {
        "own": [box for one, box in boxes if not (one.is_hidden or one.is_common)],
        "common": [box for one, box in boxes if one.is_common and not one.is_hidden],
        "fault": fault,
    }
    return render_to_string(_TEMPLATE, context)


def structure(given: Given) -> str:
    """Another one for other fields."""
    return ",".join(one.name for level in given.levels() for one in level.fields)


def _box(one: Field, given: Given) -> Box:
    occurrences = given.of(one)
    value = shown(one, occurrences)
    return Box(
        id=f"chroniker-{one.name}",
        name=one.name,
        kind=one.kind.value,
        label=one.label,
        help=one.help,
        hint=_hint(one),
        value=value,
        options=tuple(_options(one, value)),
        is_required=one.is_required,
        alone=one.name + ALONE if one.kind == Kind.OPTIONAL else "",
        stands_alone=stands_alone(occurrences),
    )


def _hint(one: Field) -> str:
    hints = []
    if one.kind == Kind.LIST:
        hints.append(_("Several values, separated by spaces; put one with a space in quotes."))
    if one.kind == Kind.LISTS:
        hints.append(_("A line for each time; several values in a line, separated by spaces."))
    if one.default:
        hints.append(_("Default: %s.") % one.default)
    return " ".join(hints)


def _options(one: Field, value: str) -> list[tuple[str, str]]:
    """What can be picked; a value that is there but not among it can be kept."""
    if one.kind == Kind.YES_NO:
        return [("", _NOT_GIVEN), ("yes", _("yes")), ("no", _("no"))]
    if one.kind not in (Kind.CHOICE, Kind.COMMAND):
        return []
    known = [("", _NOT_GIVEN), *((choice, choice) for choice in one.choices)]
    return known if value in dict(known) else [*known, (value, value)]


_NOT_GIVEN = "---------"
