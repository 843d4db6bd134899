"""What commands print: tables that fit a terminal, JSON for programs, times in words."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from chroniker import wording

USUAL_WIDTH = 80
"""Columns where there is no terminal that could tell."""

NOTHING = "-"


class _Stream(Protocol):
    def isatty(self) -> bool: ...


def width_of(stream: _Stream) -> int:
    """How many characters a line of this stream has room for; ``COLUMNS`` decides, if set."""
    if stream.isatty() or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size((USUAL_WIDTH, 24)).columns
    return USUAL_WIDTH


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, give_way: int, width: int) -> str:
    """Rows below a head, in columns; the column ``give_way`` is cut where a line has no room."""
    every = [head, *rows]
    widths = [max(len(row[column]) for row in every) for column in range(len(head))]
    spare = width - sum(widths) - _GAP * (len(head) - 1)
    widths[give_way] = max(_LEAST, widths[give_way] + min(0, spare))
    lines = []
    for row in every:
        cells = [cut(text, room).ljust(room) for text, room in zip(row, widths, strict=True)]
        lines.append((" " * _GAP).join(cells).rstrip())
    return "\n".join(lines)


_GAP = 2
_LEAST = 8
"""So many characters are left of the column that gives way."""


def cut(text: str, room: int) -> str:
    """The text in one line of at most ``room`` characters."""
    line = one_line(text)
    return line if len(line) <= room else f"{line[: max(0, room - 1)]}…"


def counted(number: int, noun: str) -> str:
    """So many of them: ``1 job``, ``2 jobs``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def one_line(text: str) -> str:
    """The text in one line, with what could steer a terminal made visible."""
    return wording.visible(" ".join(text.split()))


def ago(moment: datetime | None, now: datetime) -> str:
    """How long it is since then. Both aware."""
    return one_line(wording.ago(moment, now)) if moment else NOTHING


def ahead(moment: datetime | None, now: datetime) -> str:
    """How long it is until then, or since. Both aware."""
    if moment is None:
        return NOTHING
    return one_line(wording.ahead(moment, now) if moment > now else wording.ago(moment, now))


def as_json(data: Any) -> str:
    """JSON that people can read as well. Moments are ISO 8601."""
    return json.dumps(data, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
