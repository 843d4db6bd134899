"""A job's arguments: from the text that a person typed to what the command's parser is given.

The steps are ``split`` (shell words), ``to_argv`` (the ``option=value`` of 1.x) and ``fill``
(placeholders). In this order a value that is filled in can neither make a new token nor turn an
argument into an option of its own choice.
"""

import argparse
import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time

from chroniker.exceptions import InvalidArguments

MAX_LENGTH = 64 * 1024
"""How many characters a job's arguments may have."""

PLACEHOLDERS = ("scheduled_for", "job_id", "run_id", "job_name", "hostname")
"""The names that every run has a value for."""

_PLACEHOLDER = re.compile(
    r"\{(?P<inner>\{(?P<literal>[A-Za-z_]\w*)(?::[^{}]*)?\})\}"
    r"|\{(?P<name>[A-Za-z_]\w*)(?P<colon>:(?P<format>[^{}]*))?\}",
    re.ASCII,
)

_UNCLOSED = re.compile(r"\{(?P<name>[A-Za-z_]\w*):[^{}]*\Z", re.ASCII)

_NEEDS_QUOTES = re.compile(r"[\s'\"\\]")
_LONG_OPTION = re.compile(r"--[\w-]+=", re.ASCII)

_YES = frozenset({"1", "true", "yes", "on", "y", "t"})
_NO = frozenset({"0", "false", "no", "off", "n", "f", ""})


def split(text: str) -> list[str]:
    """Split ``text`` into arguments as a POSIX shell does, without expanding anything.

    Raises InvalidArguments for unbalanced quotes, a lone backslash at the end, NUL characters
    and text longer than ``MAX_LENGTH``.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidArguments(
            f"The arguments have {len(text):,} characters; at most {MAX_LENGTH:,} are allowed. "
            "Put long data into a file and give its name."
        )
    _refuse_nul(text)
    try:
        return shlex.split(text)
    except ValueError as error:
        if "escape" in str(error):
            raise InvalidArguments(
                "The arguments end with a backslash that has nothing to quote. "
                "Remove it, or double it to mean a backslash."
            ) from None
        raise InvalidArguments(
            "The arguments have a quotation mark (' or \") without its partner. "
            "Close it, or put a backslash before it if it is part of an argument."
        ) from None


def join(tokens: Iterable[str]) -> str:
    """The text that ``split`` splits into these tokens, quoted only where that is needed."""
    return " ".join(_quoted(token) for token in tokens)


def _quoted(token: str) -> str:
    if token and not _NEEDS_QUOTES.search(token):
        return token
    option = _LONG_OPTION.match(token)
    if option and option.end() < len(token):  # --name='two words' reads better than all in quotes
        return option[0] + shlex.quote(token[option.end() :])
    return shlex.quote(token)


def _refuse_nul(text: str) -> None:
    if "\0" in text:
        raise InvalidArguments(
            "An argument has a NUL character, which no program can be given. Remove it."
        )


def fill(tokens: Iterable[str], values: Mapping[str, object]) -> list[str]:
    """Return ``tokens`` with ``{name}`` and ``{name:format}`` replaced by ``values[name]``.

    A date or time is written as ``strftime`` writes the format, or in ISO 8601 without one;
    anything else as ``str()``. Only a plain name that is in ``values`` is a placeholder: other
    braces (JSON, ``{a.b}``, ``{0}``) stay as they are. To keep a placeholder's text, double its
    braces: ``{{job_id}}`` becomes ``{job_id}``.

    Raises InvalidArguments for a format on something other than a date or time, for a format
    that ``strftime`` refuses or that a space has cut in two, and for a name that has no value
    (None) in this run.
    """
    return [_filled(token, values) for token in tokens]


def _filled(token: str, values: Mapping[str, object]) -> str:
    unclosed = _UNCLOSED.search(token)
    if unclosed and unclosed["name"] in values:
        raise InvalidArguments(
            f"{unclosed[0]} has no closing brace. If its format has spaces, put the whole "
            "argument in quotes."
        )

    def replacement(match: re.Match[str]) -> str:
        if match["inner"] is not None:
            return match["inner"] if match["literal"] in values else match[0]
        if match["name"] not in values:
            return match[0]
        return _written(match[0], values[match["name"]], match["format"])

    return _PLACEHOLDER.sub(replacement, token)


def _written(placeholder: str, value: object, fmt: str | None) -> str:
    if value is None:
        raise InvalidArguments(f"{placeholder} has no value in this run.")
    if isinstance(value, date | time):
        return _moment(placeholder, value, fmt)
    if fmt is not None:
        raise InvalidArguments(
            f"{placeholder} has a format, but only dates and times can have one. "
            "Remove the colon and what follows it."
        )
    text = str(value)
    _refuse_nul(text)
    return text


def _moment(placeholder: str, value: date | time, fmt: str | None) -> str:
    if not fmt:
        return value.isoformat()
    try:
        return value.strftime(fmt)
    except ValueError as error:
        raise InvalidArguments(
            f"{placeholder} has a format that cannot be used: {error}."
        ) from None


def to_argv(
    tokens: Iterable[str],
    parser: argparse.ArgumentParser,
    stealth_options: Collection[str] = (),
) -> tuple[list[str], dict[str, str]]:
    """Return ``tokens`` as arguments for ``parser``, and the stealth options among them.

    In 1.x an option was written ``name=value``. Such a token becomes ``--name=value`` if its name
    is a long option of the parser (with dashes or underscores) or the ``dest`` of one, and an entry
    of the dictionary if it is a stealth option. A flag is added by 1, true, yes, on, and left out
    by 0, false, no, off. All else is left as it is: a positional ``a=b``, the value that the
    option before it needs, and what follows ``--``.

    Converted options come first, so that positional arguments stay together as argparse wants
    them; an option that is also written out (``--name``) then wins.

    Raises InvalidArguments for a flag whose value is neither yes nor no.
    """
    return _Conversion(parser, frozenset(stealth_options)).of(list(tokens))


@dataclass
class _Level:
    """The arguments for one parser: the command's own, or that of a chosen sub-command."""

    parser: argparse.ArgumentParser
    options: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)


class _Conversion:
    """One pass over the tokens, with as little of argparse's rules as that needs."""

    def __init__(self, parser: argparse.ArgumentParser, stealth_options: Collection[str]) -> None:
        self._levels = [_Level(parser)]
        self._stealth_options = stealth_options
        self._stealth_values: dict[str, str] = {}

    def of(self, tokens: list[str]) -> tuple[list[str], dict[str, str]]:
        position = 0
        while position < len(tokens) and tokens[position] != "--":
            position += self._take(tokens[position:])
        self._levels[-1].rest += tokens[position:]
        argv = [token for level in self._levels for token in level.options + level.rest]
        return argv, self._stealth_values

    def _take(self, tokens: list[str]) -> int:
        """Place the first token, with the values it needs; return how many that were."""
        token, level = tokens[0], self._levels[-1]
        if token and token[0] in level.parser.prefix_chars:
            taken = tokens[: 1 + _values_needed(level.parser, token)]
            level.rest += taken
            return len(taken)
        if not self._convert(token):
            level.rest.append(token)
            chosen = _sub_command(level.parser, token)
            if chosen is not None:
                self._levels.append(_Level(chosen))
        return 1

    def _convert(self, token: str) -> bool:
        name, equals, value = token.partition("=")
        name = name.replace("-", "_")
        if not equals:
            return False
        for level in reversed(self._levels):
            written = _written_option(level.parser, name, value)
            if written is not None:
                level.options += written
                return True
        if name in self._stealth_options:
            self._stealth_values[name] = value
            return True
        return False


def _values_needed(parser: argparse.ArgumentParser, token: str) -> int:
    """Return how many of the tokens after an option are its values and nothing else."""
    action = next((one for one in _options(parser) if token in one.option_strings), None)
    if action is None:
        return 0
    if isinstance(action.nargs, int):
        return action.nargs
    return 1 if action.nargs in {None, argparse.ONE_OR_MORE} else 0


def _written_option(parser: argparse.ArgumentParser, name: str, value: str) -> list[str] | None:
    """Return the option ``name`` (underscores for dashes) as argparse reads it, None if unknown.

    A name that is both one option's name and another's ``dest`` means the former, as it did in
    1.x.
    """
    for action in _options(parser):
        for option in action.option_strings:
            if _is_long(option) and option[2:].replace("-", "_") == name:
                if action.nargs != 0:
                    return [f"{option}={value}"]
                return _flag(action, option, wanted=_truth(name, value))
    same_dest = [action for action in _options(parser) if action.dest == name]
    for action in same_dest:
        if action.nargs != 0:
            return [f"{_long(action)}={value}"]
    return _flag_of_dest(same_dest, wanted=_truth(name, value)) if same_dest else None


def _options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the parser's options without those that only print something and exit."""
    return [
        action
        for action in parser._actions  # Django's call_command reads it as well
        if action.option_strings
        and not isinstance(action, argparse._HelpAction | argparse._VersionAction)
    ]


def _flag(action: argparse.Action, option: str, *, wanted: bool) -> list[str]:
    if wanted:
        return [option]
    if isinstance(action, argparse.BooleanOptionalAction):
        # Its two spellings are each other's opposite, so "no" has a spelling as well.
        negative = option.startswith("--no-")
        return [one for one in action.option_strings if one.startswith("--no-") != negative][:1]
    return []


def _flag_of_dest(actions: list[argparse.Action], *, wanted: bool) -> list[str]:
    """Return the flag that makes the value of the actions' common ``dest`` true or false.

    So ``interactive=0`` is ``--no-input`` for Django's commands.
    """
    for action in actions:
        if isinstance(action, argparse.BooleanOptionalAction):
            return _flag(action, _long(action), wanted=wanted)
        if action.const is wanted:
            return [_long(action)]
    other = [action for action in actions if not isinstance(action.const, bool)]
    return [_long(other[0])] if wanted and other else []


def _truth(name: str, value: str) -> bool:
    word = value.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise InvalidArguments(
        f"{name}={value}: {name} is a flag, which is given or not. Write {name}=1 or {name}=0."
    )


def _long(action: argparse.Action) -> str:
    return max(action.option_strings, key=_is_long)


def _is_long(option: str) -> bool:
    return option[:2] == option[0] * 2


def _sub_command(parser: argparse.ArgumentParser, token: str) -> argparse.ArgumentParser | None:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            chosen: argparse.ArgumentParser | None = action.choices.get(token)
            return chosen
    return None
