"""Where the databases are, and whether they answer: ``python -m test_project.databases NAME``."""

from __future__ import annotations

import os
import sqlite3
import sys
from typing import Any


def address(kind: str) -> dict[str, Any]:
    """Return host, port, user and password of ``postgres`` or ``mariadb``, from the environment."""
    port, user = {"postgres": ("5432", "postgres"), "mariadb": ("3306", "root")}[kind]
    prefix = f"CHRONIKER_TEST_{kind.upper()}_"
    return {
        "host": os.environ.get(f"{prefix}HOST", "127.0.0.1"),
        "port": int(os.environ.get(f"{prefix}PORT", port)),
        "user": os.environ.get(f"{prefix}USER", user),
        "password": os.environ.get(f"{prefix}PASSWORD", ""),
    }


def _postgres_version() -> str:
    import psycopg

    with psycopg.connect(dbname="postgres", connect_timeout=3, **address("postgres")) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return f"PostgreSQL {row[0] if row else '?'}"


def _mariadb_version() -> str:
    import pymysql

    with pymysql.connect(connect_timeout=3, **address("mariadb")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT version()")
        return f"MariaDB {cursor.fetchone()[0]}"


def version(kind: str) -> str:
    """Return the name and version of a database that answers.

    Raises the driver's own error, or ImportError, if it does not.
    """
    if kind == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    return {"postgres": _postgres_version, "mariadb": _mariadb_version}[kind]()


def main(kind: str) -> int:
    """Print the version, or the reason why there is none. Return the exit status."""
    try:
        answer = version(kind)
    except Exception as error:  # noqa: BLE001 - every driver has its own errors
        print(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
        return 1
    print(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
