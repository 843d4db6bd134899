"""From what was filled in to the text that is stored."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from django.utils.translation import gettext as _

from chroniker import arguments
from chroniker.admin.commands.fields import Kind
from chroniker.admin.commands.given import CannotRead, Given, Occurrence, read, read_argv
from chroniker.admin.commands.values import is_unchanged, taken
from chroniker.command_parser import Command


def write(command: Command, text: str, filled: Mapping[str, str]) -> str:
    """The text after these fields have been filled in; the others stay as the text has them.

    Raises InvalidArguments or CannotRead if there is no such text.
    """
    given = read(command, text)
    _fill_in(given, filled)
    written = arguments.join(_tokens(given))
    if read(command, written).meaning() != given.meaning():
        raise CannotRead(_("These values cannot be told apart. Write the arguments as text."))
    return written


def _fill_in(given: Given, filled: Mapping[str, str]) -> None:
    for one in given.fields:
        old = given.of(one)
        if one.name not in filled or is_unchanged(one, old, filled):
            continue
        given.occurrences[one.name] = taken(one, old, filled)
        if one.kind == Kind.COMMAND:
            chosen = one.action.choices.get(filled[one.name])  # type: ignore[union-attr]
            prefix = f"{one.name}{filled[one.name]}-"
            given.chosen = read_argv(chosen, [], prefix) if chosen else None
    if given.chosen is not None:
        _fill_in(given.chosen, filled)


def _tokens(given: Given) -> list[str]:
    """What is told by its place first, unless something there looks like an option."""
    positional: list[str] = []
    many: list[str] = []
    single: list[str] = []
    has_rest = False
    for one in given.fields:
        for occurrence in given.of(one):
            if one.is_positional:
                positional += occurrence.values
                has_rest = has_rest or one.action.nargs == argparse.REMAINDER
            elif len(occurrence.values) == 1 and one.action.nargs in (None, argparse.OPTIONAL):
                single += _option(occurrence)
            else:
                target = single if one.action.nargs == 0 else many
                target += [occurrence.spelling, *occurrence.values]
    if given.chosen is not None or has_rest:
        rest = _tokens(given.chosen) if given.chosen is not None else []
        return [*given.unknown, *many, *single, *positional, *rest]
    if any(word.startswith("-") for word in positional):
        return [*given.unknown, *many, *single, "--", *positional]
    return [*positional, *many, *single, *given.unknown]


def _option(occurrence: Occurrence) -> list[str]:
    spelling, (value,) = occurrence.spelling, occurrence.values
    if spelling.startswith("--"):
        return [f"{spelling}={value}"]
    return [spelling, value] if value[:1] != "-" else [f"{spelling}={value}"]
