"""A limit for how long a query keeps its database busy, set where only the server can keep it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, connections

_INSTRUCTIONS = 100_000
"""Of SQLite's virtual machine: so often it looks at the clock, some thousand times a second."""


@contextmanager
def time_limit(using: str, seconds: float) -> Iterator[None]:
    """End each statement inside after so many seconds; the database's own error is raised then.

    Oracle and others, which have no such limit, are not limited.
    """
    connection = connections[using]
    if connection.vendor == "sqlite":
        with _sqlite(connection, seconds):
            yield
        return
    statements = _statements(connection, seconds)
    if not statements:
        yield
        return
    limit, none = statements
    _execute(connection, limit)
    try:
        yield
    finally:
        # A transaction that has failed takes no statement, and takes the limit back by itself.
        with suppress(DatabaseError, InterfaceError):
            _execute(connection, none)


def _statements(connection: Any, seconds: float) -> tuple[str, str] | None:
    """What sets the limit, and what takes it back."""
    milliseconds = max(1, round(seconds * 1000))
    if connection.vendor == "postgresql":
        return f"SET statement_timeout = {milliseconds}", "SET statement_timeout = DEFAULT"
    if connection.vendor != "mysql":
        return None
    if connection.mysql_is_mariadb:
        name, value = "max_statement_time", f"{seconds:f}"
    else:
        name, value = "max_execution_time", str(milliseconds)
    return f"SET SESSION {name} = {value}", f"SET SESSION {name} = DEFAULT"


def _execute(connection: Any, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _sqlite(connection: Any, seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    raw, end = connection.connection, time.monotonic() + seconds
    raw.set_progress_handler(lambda: time.monotonic() > end, _INSTRUCTIONS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)
