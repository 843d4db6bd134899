"""What a field shows of what is given, and what is given by what was filled in."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from django.utils.translation import gettext as _

from chroniker import arguments
from chroniker.admin.commands.fields import Field, Kind
from chroniker.admin.commands.given import CannotRead, Occurrence

ALONE = "-alone"
"""After the name of an option whose value is optional: the box that says that it has none."""

_MOST_REPEATED = 100


def shown(one: Field, occurrences: list[Occurrence]) -> str:
    """What the form shows of an argument; '' of one that is not given, '1' of a flag that is."""
    if not occurrences:
        return ""
    last = occurrences[-1]
    if one.kind == Kind.FLAG:
        return "1"
    if one.kind == Kind.YES_NO:
        return "no" if _says_no(last.spelling) else "yes"
    if one.kind == Kind.COUNT:
        return str(len(occurrences))
    return _shown_values(one, occurrences)


def _shown_values(one: Field, occurrences: list[Occurrence]) -> str:
    last = occurrences[-1]
    if one.kind == Kind.LISTS:
        return "\n".join(arguments.join(each.values) for each in occurrences)
    if one.kind == Kind.LIST:
        each = occurrences if _is_repeated(one) else [last]
        return arguments.join(value for occurrence in each for value in occurrence.values)
    return last.values[0] if last.values else ""


def stands_alone(occurrences: list[Occurrence]) -> bool:
    """Whether an option is given without its optional value."""
    return bool(occurrences) and not occurrences[-1].values


def is_unchanged(one: Field, old: list[Occurrence], filled: Mapping[str, str]) -> bool:
    """Whether a field was left as it was shown."""
    if one.kind == Kind.OPTIONAL and stands_alone(old) != bool(filled.get(one.name + ALONE)):
        return False
    return filled[one.name].replace("\r\n", "\n") == shown(one, old)


def taken(one: Field, old: list[Occurrence], filled: Mapping[str, str]) -> list[Occurrence]:
    """What is given by what was filled in, spelt as before.

    Raises CannotRead, and InvalidArguments for several values that cannot be split.
    """
    text = filled[one.name]
    spelling = old[-1].spelling if old else "" if one.is_positional else one.option
    if one.kind == Kind.OPTIONAL and filled.get(one.name + ALONE):
        return [Occurrence(spelling)]
    if not text:
        return []
    if one.kind == Kind.FLAG:
        return [Occurrence(spelling)]
    if one.kind == Kind.YES_NO:
        return [Occurrence(_spelt(one, yes=text == "yes"))]
    if one.kind == Kind.COUNT:
        return [Occurrence(spelling)] * _times(text)
    return [Occurrence(spelling, values) for values in _values(one, text)]


def _values(one: Field, text: str) -> list[tuple[str, ...]]:
    if one.kind == Kind.LISTS:
        return [tuple(arguments.split(line)) for line in text.splitlines() if line.strip()]
    if one.kind == Kind.LIST:
        words = tuple(arguments.split(text))
        return [(word,) for word in words] if _is_repeated(one) else [words]
    return [(text,)]


def _is_repeated(one: Field) -> bool:
    """Whether an option is written anew for each of its values."""
    return not one.is_positional and one.action.nargs in (None, argparse.OPTIONAL)


def _spelt(one: Field, *, yes: bool) -> str:
    return next(each for each in one.action.option_strings if _says_no(each) is not yes)


def _says_no(spelling: str) -> bool:
    return spelling.startswith("--no-")


def _times(text: str) -> int:
    if not text.isdecimal() or int(text) > _MOST_REPEATED:
        raise CannotRead(_("%s is not a number of times.") % repr(text[:20]))
    return int(text)
