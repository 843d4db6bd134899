"""What was found, as a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number, and what it may be at most (``None``: only told)."""

    what: str
    value: float
    unit: str = "x"
    bound: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the number keeps its bound."""
        return self.bound is None or self.value <= self.bound

    def cells(self) -> tuple[str, str, str, str, str]:
        """The row as texts."""
        bound = "" if self.bound is None else f"{_number(self.bound)} {self.unit}"
        verdict = "" if self.bound is None else ("holds" if self.holds else "BROKEN")
        return self.what, f"{_number(self.value)} {self.unit}", bound, verdict, self.note


def table(rows: Sequence[Row]) -> str:
    """All rows under a heading, in columns."""
    lines = [("what", "measured", "at most", "", ""), *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[4]]
        ).rstrip()
        for line in lines
    )


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"  # noqa: PLR2004 - three digits


class Progress:
    """One line on a terminal that says what is going on; nothing anywhere else."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._subject = ""

    def subject(self, text: str) -> None:
        """Say what is measured from now on."""
        self._subject = text
        self.step("")

    def step(self, text: str) -> None:
        """Say how far it is."""
        if self._shown:
            sys.stderr.write(f"\r\033[K{self._subject}  {text}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
