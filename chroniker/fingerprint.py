"""What a failure has in common with others like it, as a short text that can be compared.

Pure, and linear in the length of what it is given: of long output only the end is looked at.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import groupby

LENGTH = 16
"""Characters of a fingerprint."""

_HEADER = "Traceback (most recent call last):"
_LONGEST_TRACEBACK = 64 * 1024
_LONGEST_LINE = 2000
_FRAMES = 50
"""So many frames next to the fault are compared."""

_LINES_TRIED = 10

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[@-~]")
_OF_A_GROUP = re.compile(r"^[ ]*[|+][ -]?")
"""What stands before the lines of an exception that is part of a group."""

_FRAME = re.compile(r'^\s+File "([^"\n]*)", line \d+(?:, in (.*))?')
_TYPE = re.compile(r"^([^\W\d][\w.]*)(?::|\s*$)")

_QUOTED = re.compile(r"(?<!\w)[bruf]{0,2}(?:'[^'\n]*'|\"[^\"\n]*\")|`[^`\n]*`|“[^”\n]*”|«[^»\n]*»")
_PATH = re.compile(r"(?<![\w.~@%+-])[\w.~@%+-]*(?:[/\\]+[\w.~@%+-]*)+")
_MONTH_OR_DAY = re.compile(
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
    r"[a-z]*\b(?=[ ,-]{1,2}\d)|(?<=\d[ -])(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b"
)
_ID = re.compile(r"\b(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{16,})\b")
"""What is an id even if it has no digit in it."""

_WORD = re.compile(r"\w+")
_NUMBERS = re.compile(r"[-+]?#(?:[-.,:+ ]{1,2}#)*")


def of_failure(status: str, reason: str, stderr: str) -> str:
    """The fingerprint of a run that ended badly: by status, reason, and what it wrote to stderr.

    It is that of the last traceback (exception, message and functions), else of the last line on
    stderr, else of the reason. Paths, line numbers, ids, addresses, dates and quoted values do
    not count. What a run that took too long was doing when it was ended is chance, so those are
    all alike.
    """
    if status == "timed_out":
        said: Iterable[str] = ()
    else:
        said = _traceback(stderr) or _last_line(stderr) or (normalised(reason),)
    text = "\n".join((status, *said))
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:LENGTH]


def normalised(line: str) -> str:
    """A line without what differs from one failure to the next."""
    line = _QUOTED.sub("'…'", _COLOUR.sub("", line[:_LONGEST_LINE]))
    line = _MONTH_OR_DAY.sub("#", _ID.sub("#", _PATH.sub("/…", line)))
    line = _WORD.sub(_without_numbers, line)
    return " ".join(_NUMBERS.sub("#", line).split())


def _without_numbers(word: re.Match[str]) -> str:
    """``#`` for a word with a digit in it: a number, an id, an address, a time."""
    return "#" if any(map(str.isdigit, word[0])) else word[0]


def _traceback(stderr: str) -> tuple[str, ...]:
    """The last traceback: its exception, then who called whom; nothing where there is none."""
    start = stderr.rfind(_HEADER)
    if start < 0:
        return ()
    # Not from the header itself on: what stands before it stands before all of its lines.
    lines = [_plain(line) for line in _lines(stderr[start : start + _LONGEST_TRACEBACK])]
    frames: list[str] = []
    for line in lines[1:]:
        frame = _FRAME.match(line)
        if frame:
            frames.append(_called(*frame.groups()))
        elif line.strip() and not line[0].isspace():
            return (*_exception(line), *_shortened(frames))
    return tuple(_shortened(frames))


def _lines(text: str) -> Iterator[str]:
    return (line[:_LONGEST_LINE] for line in text.splitlines())


def _plain(line: str) -> str:
    return _OF_A_GROUP.sub("", _COLOUR.sub("", line))


def _called(path: str, function: str | None) -> str:
    name = re.split(r"[/\\]", path)[-1]
    return f"{_WORD.sub(_without_numbers, name)}:{function or ''}"


def _exception(line: str) -> tuple[str, str]:
    """The type of an exception, as it is, and its message."""
    found = _TYPE.match(line)
    if found is None:
        return "", normalised(line)
    return found[1], normalised(line[found.end() :])


def _shortened(frames: list[str]) -> list[str]:
    """Without repetition: how deep a recursion went is chance."""
    return [frame for frame, _same in groupby(frames)][-_FRAMES:]


def _last_line(stderr: str) -> tuple[str, ...]:
    """The last line that says something; nothing where there is none."""
    text = stderr.rstrip()
    for _try in range(_LINES_TRIED):
        start = text.rfind("\n") + 1
        line = normalised(text[start : start + _LONGEST_LINE])
        if line:
            return (line,)
        if not start:
            break
        text = text[:start].rstrip()  # it was nothing but colours
    return ()
