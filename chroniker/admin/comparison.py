"""Two texts line by line: what is in one of them only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from chroniker import terminal

LINES = 1000
"""How many lines of each text are compared: the last."""

_CONTEXT = 3

_EACH_RUN_HAS_ITS_OWN = re.compile(
    r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\b\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\b"
    r"|\b\d{1,15}(?:[.,]\d{1,15})?\s?(?:ms|s|sec|secs|seconds|min|minutes)\b"
    r"|\b(?:0x)?(?=[a-f]{0,40}\d)[0-9a-f]{8,40}(?:-[0-9a-f]{4,12}){0,4}\b"
    r"|\bpid[ =:]{1,2}\d{1,10}\b",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """Which of the texts a line is in."""

    BOTH = "both"
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True)
class Row:
    """A line of one of the texts, or of both."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Passage:
    """Lines that follow each other, after so many that are the same in both texts."""

    left_out: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Comparison:
    """Where two texts differ, with a few lines around, and whether only their ends were looked at.

    No passages: they are the same.
    """

    passages: tuple[Passage, ...]
    is_of_ends: bool


def compare(first: str, second: str, *, exact: bool) -> Comparison:
    """What differs. Times, dates, durations and ids only count if it is to be ``exact``."""
    ours, theirs = _lines(first), _lines(second)
    is_of_ends = max(len(ours), len(theirs)) > LINES
    ours, theirs = ours[-LINES:], theirs[-LINES:]
    keys = _keys(ours, exact=exact), _keys(theirs, exact=exact)
    if keys[0] == keys[1]:
        return Comparison((), is_of_ends)
    matcher = SequenceMatcher(None, keys[0], keys[1])
    return Comparison(tuple(_passages(matcher, ours, theirs)), is_of_ends)


def _lines(text: str) -> list[str]:
    lines = terminal.plain(text).split("\n")
    return lines if lines[-1] else lines[:-1]


def _keys(lines: list[str], *, exact: bool) -> list[str]:
    """What of each line counts."""
    if exact:
        return lines
    return [_EACH_RUN_HAS_ITS_OWN.sub("#", line).rstrip() for line in lines]


def _passages(
    matcher: SequenceMatcher[str], first: list[str], second: list[str]
) -> Iterator[Passage]:
    shown = 0
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        start, end = group[0][3], group[-1][4]
        rows = []
        for tag, first_start, first_end, second_start, second_end in group:
            if tag == "equal":
                rows += [Row(Kind.BOTH, line) for line in second[second_start:second_end]]
            else:
                rows += [Row(Kind.FIRST, line) for line in first[first_start:first_end]]
                rows += [Row(Kind.SECOND, line) for line in second[second_start:second_end]]
        yield Passage(start - shown, tuple(rows))
        shown = end
