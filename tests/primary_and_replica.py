"""A router as Django's documentation has it: reads go to a replica, writes to the primary."""

from __future__ import annotations

from typing import Any


class Router:
    """Reads from ``replica``, writes to ``default``."""

    def db_for_read(self, _model: object, **_hints: Any) -> str:
        """Name the replica."""
        return "replica"

    def db_for_write(self, _model: object, **_hints: Any) -> str:
        """Name the primary."""
        return "default"

    def allow_relation(self, *_: object, **_hints: Any) -> bool:
        """Both hold the same rows."""
        return True
