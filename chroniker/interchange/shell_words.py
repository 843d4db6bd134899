"""What a shell would make of a command line, if it can be had without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from chroniker import arguments

_OPERATORS = "|&;<>()\n"
_EXPANDED = "$`*?["
_ESCAPED_IN_QUOTES = '$`"\\'
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_OWN_WORDS = frozenset(
    (
        *("!", "{", "}", ".", ":", "[[", "alias", "bg", "break", "case", "cd", "command"),
        *("continue", "declare", "eval", "exec", "exit", "export", "fg", "for", "function"),
        *("getopts", "if", "let", "local", "read", "readonly", "return", "select", "set"),
        *("shift", "shopt", "source", "time", "times", "trap", "ulimit", "umask", "unset"),
        *("until", "wait", "while"),
    )
)
"""Words that are the shell's own when they come first."""

_TO_NOWHERE = (
    (re.compile(r"\s+1?>>?\s*/dev/null\s+2>\s*&1\s*$"), (False, False)),
    (re.compile(r"\s+2>>?\s*/dev/null\s*$"), (True, False)),
    (re.compile(r"\s+1?>>?\s*/dev/null\s*$"), (False, True)),
)


class NeedsShell(ValueError):
    """Only a shell can do this; the text names what of it."""


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A program with its arguments, and what the shell would have done before starting it."""

    words: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    folder: str = ""
    keeps_stdout: bool = True
    keeps_stderr: bool = True
    line: str = ""
    """The line itself, if it is left to a shell."""

    @property
    def raw_command(self) -> str:
        """As a job has it."""
        return self.line or arguments.join(self.words)


def understand(text: str) -> Understood:
    """The program that this line starts. Raises NeedsShell if there is more to it.

    Besides a program with arguments, ``cd /folder &&`` and ``NAME=value`` before it are known, and
    its output's way to ``/dev/null`` behind it.
    """
    keeps = (True, True)
    for pattern, kept in _TO_NOWHERE:
        if pattern.search(text):
            text, keeps = pattern.sub("", text), kept
            break
    tokens = list(_tokens(text))
    folder, tokens = _folder(tokens)
    if any(token.is_operator for token in tokens):
        operator = next(token.text for token in tokens if token.is_operator)
        raise NeedsShell(f"it has a {operator}")
    variables = {}
    while tokens and tokens[0].is_assignment:
        name, _equals, value = tokens.pop(0).text.partition("=")
        variables[name] = value
    words = tuple(token.text for token in tokens)
    if not words or not words[0]:
        raise NeedsShell("it starts no program")
    if words[0] in _OWN_WORDS:
        raise NeedsShell(f"{words[0]} is a word of the shell's own")
    return Understood(
        words=words,
        variables=variables,
        folder=folder,
        keeps_stdout=keeps[0],
        keeps_stderr=keeps[1],
    )


@dataclass(frozen=True, kw_only=True)
class _Token:
    text: str
    is_operator: bool = False
    is_assignment: bool = False


def _folder(tokens: list[_Token]) -> tuple[str, list[_Token]]:
    match tokens:
        case [first, second, third, *rest] if (first.text, third.text) == ("cd", "&&"):
            if third.is_operator and not second.is_operator and second.text.startswith("/"):
                return second.text, rest
    return "", tokens


def _tokens(text: str) -> Iterator[_Token]:
    """The words, unquoted, and the operators. Raises NeedsShell for what a shell would expand."""
    place = 0
    while place < len(text):
        if text[place] in " \t":
            place += 1
        elif text[place] in _OPERATORS:
            end = place
            while end < len(text) and text[end] in _OPERATORS:
                end += 1
            yield _Token(text=text[place:end], is_operator=True)
            place = end
        else:
            start = place
            word, place = _word(text, place)
            assigns = _ASSIGNMENT.match(text, start) is not None
            yield _Token(text=word, is_assignment=assigns)


def _word(text: str, place: int) -> tuple[str, int]:
    if text[place] in "~#":
        raise NeedsShell(f"a {text[place]} begins a word")
    word = ""
    while place < len(text) and text[place] not in " \t" + _OPERATORS:
        char = text[place]
        if char == "'":
            end = text.find("'", place + 1)
            if end < 0:
                raise NeedsShell("a quotation mark is not closed")
            word, place = word + text[place + 1 : end], end + 1
        elif char == '"':
            part, place = _double_quoted(text, place + 1)
            word += part
        elif char == "\\" and place + 1 < len(text):
            word, place = word + text[place + 1], place + 2
        elif char in _EXPANDED:
            raise NeedsShell(f"it has a {char}")
        else:
            word, place = word + char, place + 1
    return word, place


def _double_quoted(text: str, place: int) -> tuple[str, int]:
    word = ""
    while place < len(text):
        char = text[place]
        if char == '"':
            return word, place + 1
        if char in "$`":
            raise NeedsShell(f"it has a {char}")
        if char == "\\" and text[place + 1 : place + 2] in tuple(_ESCAPED_IN_QUOTES):
            place += 1
            char = text[place]
        word, place = word + char, place + 1
    raise NeedsShell("a quotation mark is not closed")
