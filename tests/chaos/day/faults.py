"""A database that fails in the middle of things."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connections


class DatabaseFaults:
    """Lets statements and commits fail: before they are done, or after, so the answer is lost."""

    def __init__(self, share: float, chance: random.Random) -> None:
        self.share = share
        self.is_away = False
        self.counted: Counter[str] = Counter()
        self._chance = chance

    @contextmanager
    def happening(self, database: str) -> Iterator[None]:
        """Let them happen to what is asked meanwhile."""
        connection: Any = connections[database]
        commit = connection._commit

        def failing_commit() -> None:
            self._fail_perhaps("commits that failed")
            commit()
            self._fail_perhaps("commits whose answer was lost")

        connection._commit = failing_commit
        try:
            with connection.execute_wrapper(self._failing):
                yield
        finally:
            del connection._commit

    def _failing(self, execute: Callable[..., Any], *statement: Any) -> Any:
        self._fail_perhaps("statements that failed")
        return execute(*statement)

    def _fail_perhaps(self, what: str) -> None:
        if self.is_away or self._chance.random() < self.share:
            self.counted[what] += 1
            raise OperationalError(f"simulated: {what}")
