"""What can be filled in for a command: a field for each argument of its parser."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sized
from dataclasses import dataclass
from enum import StrEnum

from django.core.management.base import DjangoHelpFormatter
from django.utils.translation import gettext as _

MOST_CHOICES = 200
"""Of more, for instance all ports, nobody picks one from a list."""

_WITHOUT_EFFECT = frozenset({"--settings", "--pythonpath"})
"""Of Django's own, those that only ``manage.py`` heeds: a job runs in a project already."""


class Kind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    FLAG = "flag"
    YES_NO = "yes_no"
    COUNT = "count"
    OPTIONAL = "optional"
    """An option that may also stand alone, without its value."""
    LIST = "list"
    """Several values."""
    LISTS = "lists"
    """An option that may be repeated, with several values each time."""
    COMMAND = "command"
    """Which of several sub-commands."""


@dataclass(frozen=True)
class Field:
    """One argument. ``name`` is that of the field in the form; the action is the parser's own."""

    name: str
    action: argparse.Action
    kind: Kind
    is_common: bool = False
    """Whether every command has it."""
    is_hidden: bool = False

    @property
    def is_positional(self) -> bool:
        """Whether it is told by its place."""
        return not self.action.option_strings

    @property
    def label(self) -> str:
        """What it is called on the command line."""
        if self.action.option_strings:
            return self.option
        metavar = self.action.metavar
        return metavar if isinstance(metavar, str) else self.action.dest.replace("_", " ")

    @property
    def option(self) -> str:
        """Its longest spelling, for a flag with two opposite ones the one that says yes."""
        strings = self.action.option_strings
        if self.kind == Kind.YES_NO:
            strings = [one for one in strings if not one.startswith("--no-")] or strings
        return max(strings, key=lambda one: (one.startswith("--"), len(one)))

    @property
    def is_required(self) -> bool:
        """Whether the command cannot do without it."""
        if self.is_positional:
            return self.action.nargs not in (
                *(argparse.OPTIONAL, argparse.ZERO_OR_MORE, argparse.REMAINDER),
                argparse.SUPPRESS,
            )
        return self.action.required

    @property
    def help(self) -> str:
        """What the command says of it, with what argparse fills in."""
        text = self.action.help
        if not text or text == argparse.SUPPRESS:
            return ""
        named = {**vars(self.action), "prog": "manage.py"}
        try:
            return text % {name: _shown(value) for name, value in named.items()}
        except (ValueError, TypeError, KeyError):  # a lone percent sign
            return text

    @property
    def default(self) -> str:
        """What it is if it is not given; '' where that says nothing."""
        value = self.action.default
        if self.kind in (Kind.FLAG, Kind.COUNT, Kind.COMMAND) or value in (None, "", [], ()):
            return ""
        if self.kind == Kind.YES_NO:
            return _("yes") if value else _("no")
        return "" if value == argparse.SUPPRESS else _shown(value)

    @property
    def choices(self) -> list[str]:
        """What can be picked."""
        if isinstance(self.action, argparse._SubParsersAction):
            return list(self.action.choices)
        return [_shown(choice) for choice in self.action.choices or ()]


def fields_of(parser: argparse.ArgumentParser, prefix: str = "a") -> list[Field]:
    """The fields of a parser, without those of its sub-commands; names begin with ``prefix``."""
    return [
        Field(
            f"{prefix}{number}",
            action,
            _kind_of(action),
            is_common=bool(_COMMON.intersection(action.option_strings)),
            is_hidden=_is_hidden(action),
        )
        for number, action in enumerate(parser._actions)
    ]


_COMMON = frozenset(DjangoHelpFormatter.show_last)


def _is_hidden(action: argparse.Action) -> bool:
    return (
        action.help == argparse.SUPPRESS
        or isinstance(action, argparse._HelpAction | argparse._VersionAction)
        or bool(_WITHOUT_EFFECT.intersection(action.option_strings))
    )


def _kind_of(action: argparse.Action) -> Kind:
    for kind, actions in _OF_ACTIONS:
        if isinstance(action, actions):
            return kind
    if action.nargs == 0:
        return Kind.FLAG
    if action.nargs not in (None, argparse.OPTIONAL):
        return Kind.LISTS if isinstance(action, _REPEATED) else Kind.LIST
    return Kind.LIST if isinstance(action, _REPEATED) else _kind_of_value(action)


_REPEATED = (argparse._AppendAction, argparse._ExtendAction)
_OF_ACTIONS = (
    (Kind.COMMAND, argparse._SubParsersAction),
    (Kind.YES_NO, argparse.BooleanOptionalAction),
    (Kind.COUNT, argparse._CountAction),
)


def _kind_of_value(action: argparse.Action) -> Kind:
    if action.nargs == argparse.OPTIONAL and action.option_strings:
        return Kind.OPTIONAL
    if _can_be_picked(action.choices):
        return Kind.CHOICE
    return Kind.NUMBER if action.type in (int, float) else Kind.TEXT


def _can_be_picked(choices: object) -> bool:
    return isinstance(choices, Sized) and 0 < len(choices) <= MOST_CHOICES


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(shlex.quote(str(one)) for one in value)
    return str(value)
