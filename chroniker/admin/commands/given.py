"""What a text gives each field of a command: read by argparse itself, but taking nothing amiss."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from chroniker.admin.commands.fields import Field, Kind, fields_of
from chroniker.command_parser import Command, argv_of


class CannotRead(Exception):
    """Arguments that cannot be told apart; the message says why."""


@dataclass(frozen=True)
class Occurrence:
    """One time that an argument is given: as it was spelt ('' by its place), with its values."""

    spelling: str
    values: tuple[str, ...] = ()


@dataclass
class Given:
    """What is given to one parser, by the names of its fields."""

    fields: list[Field]
    occurrences: dict[str, list[Occurrence]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    """What the parser has no place for."""
    chosen: Given | None = None
    """What is given to the sub-command."""

    def of(self, one: Field) -> list[Occurrence]:
        """How often and with what an argument is given."""
        return self.occurrences.get(one.name, [])

    def levels(self) -> Iterator[Given]:
        """This and what is given to sub-commands, outermost first."""
        yield self
        if self.chosen is not None:
            yield from self.chosen.levels()

    def meaning(self) -> list[Any]:
        """The same for any two texts that say the same."""
        own = {
            name: [one.values for one in occurrences]
            for name, occurrences in self.occurrences.items()
            if occurrences
        }
        return [own, self.unknown, self.chosen.meaning() if self.chosen else None]


def read(command: Command, text: str) -> Given:
    """What the text gives to the command.

    Raises InvalidArguments for what cannot be split, and CannotRead.
    """
    argv, options = argv_of(command, text)
    given = read_argv(command.parser, argv)
    given.unknown += [f"{name}={value}" for name, value in options.items()]
    return given


def read_argv(parser: argparse.ArgumentParser, argv: Sequence[str], prefix: str = "a") -> Given:
    """The same of arguments that are split already."""
    given = Given(fields_of(parser, prefix))
    try:
        _known, given.unknown = _shadow_of(parser, given).parse_known_args(list(argv))
    except argparse.ArgumentError as error:
        raise CannotRead(str(error)) from error
    for one in given.fields:
        if one.kind == Kind.COMMAND and given.of(one):
            (name, *rest) = given.of(one)[-1].values
            chosen = one.action.choices.get(name)  # type: ignore[union-attr]
            given.occurrences[one.name] = [Occurrence("", (name,))]
            if chosen is None:
                given.unknown += rest
            else:
                given.chosen = read_argv(chosen, rest, f"{one.name}{name}-")
    return given


class _Shadow(argparse.ArgumentParser):
    """Cuts arguments up as another parser does, but converts, checks and demands nothing."""

    def error(self, message: str) -> NoReturn:
        raise CannotRead(message)


class _Note(argparse.Action):
    """Writes down that an argument was given."""

    def __init__(self, *, given: Given, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.occurrences = given.occurrences.setdefault(name, [])

    def __call__(
        self, parser: object, namespace: object, values: Any, option_string: str | None = None
    ) -> None:
        """Of a positional argument, only if there is something at its place."""
        if values is _ABSENT:
            values = []
        listed = tuple(values) if isinstance(values, list) else (values,)
        if listed or option_string:
            self.occurrences.append(Occurrence(option_string or "", listed))


_ABSENT: Any = object()
"""Stands for an optional value that is not there."""


def _shadow_of(parser: argparse.ArgumentParser, given: Given) -> _Shadow:
    shadow = _Shadow(
        prefix_chars=parser.prefix_chars, add_help=False, allow_abbrev=parser.allow_abbrev
    )
    for one in given.fields:
        action = one.action
        nargs = argparse.PARSER if one.kind == Kind.COMMAND else action.nargs
        shadow._add_action(
            _Note(
                given=given,
                name=one.name,
                option_strings=action.option_strings,
                dest=one.name,
                nargs=nargs,
                default=_ABSENT,
                const=_ABSENT,
                required=False,
            )
        )
    return shadow
