"""What a run prints, read again and again from its log while it goes on.

The database shows the newest part of it, and all of it at the end; a reader that has a text wants
what comes after it.
"""

from __future__ import annotations

_NEAR = 1000
"""By so many of its last characters is a text found in one that has lost its beginning."""

GAP = "[… some lines were not seen …]\n"


def whole_lines(text: str) -> str:
    """The text up to its last line end: what comes after that may still change."""
    return text[: text.rfind("\n") + 1]


def added(before: str, after: str) -> str:
    """What ``after`` has that ``before`` had not; begins with ``GAP`` if something was missed."""
    if after.startswith(before):
        return after[len(before) :]
    near = before[-_NEAR:]
    place = after.rfind(near)
    if place >= 0:
        return after[place + len(near) :]
    return GAP + after


def last_lines(text: str, count: int) -> str:
    """The last so many lines of a text."""
    return "".join(text.splitlines(keepends=True)[-count:]) if count else ""
