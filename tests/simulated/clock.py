"""A clock that stands still until it is set, in place of the database's and the hosts'."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any
from unittest import mock


class Clock:
    """Says what time it is; set ``now`` to let it pass."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._set_forward = timedelta()
        self.now = start

    def jump(self, by: timedelta) -> None:
        """Set the clock that tells the time; that for durations goes on as if nothing was."""
        self.now += by
        self._set_forward += by

    @property
    def milliseconds(self) -> int:
        """Since 1970, as the database tells it."""
        return round(self.now.timestamp() * 1000)

    @property
    def uptime(self) -> float:
        """Seconds on the hosts' clock for durations."""
        return 1_000_000 + (self.now - self._set_forward - self._start) / timedelta(seconds=1)

    @contextmanager
    def instead_of_all_others(self) -> Iterator[None]:
        """Let the package ask this clock, and wait for nothing."""
        from chroniker import host, moments
        from chroniker.models import database_clock, hiccups

        statements = _Always(lambda: f"SELECT {self.milliseconds}")
        of_host = SimpleNamespace(CLOCK_MONOTONIC=0, clock_gettime=lambda _: self.uptime)
        wall = SimpleNamespace(now=self._in_zone)
        patient = SimpleNamespace(sleep=lambda _: None, monotonic=time.monotonic)
        with ExitStack() as patches:
            for module, name, value in (
                (database_clock, "_STATEMENTS", statements),
                (database_clock.NowMilliseconds, "as_sql", self._as_sql()),
                (host, "time", of_host),
                (moments, "datetime", wall),
                (hiccups, "time", patient),
            ):
                patches.enter_context(mock.patch.object(module, name, value))
            yield

    def _in_zone(self, zone: tzinfo) -> datetime:
        return self.now.astimezone(zone)

    def _as_sql(self) -> Any:
        def as_sql(_function: object, *_: Any, **__: Any) -> tuple[str, list[Any]]:
            return str(self.milliseconds), []

        return as_sql


class _Always:
    """The same for every key."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __getitem__(self, _: str) -> str:
        text: str = self._make()
        return text
