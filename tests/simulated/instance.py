"""What a host has to tell of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(kw_only=True)
class Instance:
    """One run as its host saw it."""

    job: str
    host: str
    token: str
    run: int
    began: datetime
    ended: datetime | None = None
    how: str = "running"
