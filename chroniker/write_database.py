"""The database that schedulers write to: which it is, whether it takes that, and how fast."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, router

_POSTGRESQL = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'"

_MYSQL = (
    "SHOW VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', "
    "'tx_read_only', 'transaction_read_only')"
)


def alias() -> str:
    """Its name in ``DATABASES``: where jobs, and all that belongs to them, are claimed and kept."""
    return router.db_for_write(apps.get_model("chroniker", "Job")) or DEFAULT_DB_ALIAS


def why_read_only(using: str) -> str:
    """Why nothing can be written there; '' if, as far as can be told, it can.

    Raises the database's errors if it does not answer.
    """
    connection = connections[using]
    if connection.vendor == "sqlite":
        return _why_file_is_read_only(connection.settings_dict["NAME"])
    statement = {"postgresql": _POSTGRESQL, "mysql": _MYSQL}.get(connection.vendor)
    if statement is None:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall()
    if connection.vendor == "mysql":
        names = [name for name, value in rows if value not in {"OFF", "0"}]
        return f"{names[0]} is on" if names else ""
    in_recovery, read_only = rows[0]
    if in_recovery:
        return "it is a replica (in recovery)"
    return "its transactions are read-only" if read_only else ""


def _why_file_is_read_only(name: object) -> str:
    file = Path(str(name))
    # Its journal is made beside it.
    for one in (file, file.parent):
        if one.exists() and not os.access(one, os.W_OK):
            return f"{one} cannot be written to"
    return ""


def round_trip_seconds(using: str) -> float:
    """How long it takes to answer the simplest of questions; the best of a few."""
    taken = []
    with connections[using].cursor() as cursor:
        for _ in range(3):
            started = time.monotonic()
            cursor.execute("SELECT 1")
            cursor.fetchone()
            taken.append(time.monotonic() - started)
    return min(taken)
