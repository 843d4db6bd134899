"""Following a text that grows at its end and may lose its beginning, without knowing the reader.

The database shows the newest part of what a run prints, and says nothing of where in the whole
that part begins. So a reader carries a mark, which says what the last lines were that it has:
by keyed digests, for marks travel in addresses, which are written into web servers' logs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property

from django.utils.crypto import salted_hmac

from chroniker import terminal
from chroniker.terminal import Style

AT_ONCE = 64 * 1024
"""Characters that a reader is given at once, at most: the newest."""

_NEAR = 1000
_MARK = re.compile(r"(\d{1,9})-([0-9a-f]{16})-([0-9a-f]{16})-([0-9;]{0,60})")


@dataclass(frozen=True)
class Added:
    """What a reader gets: whole lines that it keeps, and one that may go on or change.

    ``lines`` has an empty one at its end, which stands for the last line end.
    """

    lines: tuple[terminal.Line, ...]
    open_line: terminal.Line
    missed: bool
    """Whether something before these lines was never given to this reader."""
    mark: str
    """Where it goes on: after the whole lines."""


def added(text: str, mark: str) -> Added:
    """What is new in a text for a reader with this mark ('' for a new reader)."""
    start, style = _where(text, mark) or (None, Style())
    missed = start is None
    start = start or 0
    if len(text) - start > AT_ONCE:
        start = _start_of_a_line(text, len(text) - AT_ONCE)
        missed = True
    return _from(text, start, style, missed=missed)


def _from(text: str, start: int, style: Style, *, missed: bool) -> Added:
    end = text.rfind("\n", start) + 1 or start
    whole = terminal.read(text[start:end], style)
    return Added(
        lines=whole.lines,
        open_line=terminal.read(text[end:], whole.style).lines[-1],
        missed=missed,
        mark=_mark(text, end, whole.style),
    )


def _start_of_a_line(text: str, place: int) -> int:
    """The first start of a line from there on; that place itself if there is none."""
    return text.find("\n", place - 1) + 1 or place


# Marks


def _mark(text: str, end: int, style: Style) -> str:
    digests = _Digests()
    near = text[max(0, end - _NEAR) : end]
    return f"{end}-{digests.of(text[:end])}-{digests.of(near)}-{style.code}"


def _where(text: str, mark: str) -> tuple[int, Style] | None:
    """The place in the text that a mark means, and the style there; None if it is not there."""
    match = _MARK.fullmatch(mark)
    if match is None:
        return None
    length, whole, near, code = int(match[1]), match[2], match[3], match[4]
    digests = _Digests()
    if length <= len(text) and digests.of(text[:length]) == whole:
        return length, terminal.style_of(code)
    place = _moved_to(text, min(length, _NEAR), near, digests)
    return None if place is None else (place, terminal.style_of(code))


def _moved_to(text: str, length: int, near: str, digests: _Digests) -> int | None:
    """After which line end those last characters are now; the last such place."""
    place = text.rfind("\n") + 1
    while place >= max(1, length):
        if digests.of(text[place - length : place]) == near:
            return place
        place = text.rfind("\n", 0, place - 1) + 1
    return None


class _Digests:
    """Digests that say nothing of the text to who does not know this project's secret key."""

    @cached_property
    def _key(self) -> bytes:
        return salted_hmac("chroniker.admin.tail", "", algorithm="sha256").digest()

    def of(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=8, key=self._key).hexdigest()
