"""What a simulation has to tell in the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Report:
    """How it went: what was wrong, in words, and how often what happened."""

    broken: list[str]
    numbers: Counter[str]
