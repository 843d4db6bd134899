"""What all sources of jobs are told, and how they ask another database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler
from django.utils.connection import ConnectionDoesNotExist

from chroniker import write_database
from chroniker.exceptions import CannotImport
from chroniker.interchange.crontab_reading import Habits
from chroniker.moments import to_instant

Row = dict[str, Any]

_ENGINES = {"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql"}
MOST_ROWS = 10_000


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where to look: what a source does not need is empty."""

    file: str = ""
    database: str = ""
    celery_app: str = ""
    habits: Habits = field(default_factory=Habits)


class Tables:
    """The tables of another scheduler, only read. Raises CannotImport if they cannot be."""

    def __init__(self, database: str) -> None:
        self.name = database or write_database.alias()
        self.connection = _connection(self.name)
        try:
            self.names = set(self.connection.introspection.table_names())
        except (DatabaseError, InterfaceError, ImproperlyConfigured) as error:
            raise CannotImport([f"--database: {_without_secret(error)}"]) from None

    def rows(self, table: str) -> list[Row]:
        """All rows of a table, as mappings of its columns."""
        if table not in self.names:
            raise CannotImport([f"There is no table {table} in the database {_shown(self.name)}."])
        quoted = self.connection.ops.quote_name(table)
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {quoted} ORDER BY 1")  # noqa: S608 - quoted
            columns = [column[0] for column in cursor.description]
            found = [
                dict(zip(columns, row, strict=True)) for row in cursor.fetchmany(MOST_ROWS + 1)
            ]
        if len(found) > MOST_ROWS:
            raise CannotImport([f"{table} has more than {MOST_ROWS:,} rows."])
        return found

    def close(self) -> None:
        """Close a connection of our own; those of the project stay."""
        if self.connection not in connections.all(initialized_only=True):
            self.connection.close()


def instant(value: Any) -> datetime | None:
    """A time as some driver returns it; without an offset, as Django stores it.

    Raises ValueError for what is none.
    """
    if value in (None, ""):
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return moment.replace(tzinfo=UTC) if django_settings.USE_TZ else to_instant(moment)


def _connection(name: str) -> BaseDatabaseWrapper:
    if "://" not in name and not Path(name).is_file():
        try:
            return connections[name]
        except ConnectionDoesNotExist:
            raise CannotImport(
                [f"--database: {name!r} is no alias of DATABASES, no file and no URL."]
            ) from None
    handler = ConnectionHandler({"default": _settings(name)})
    connection: BaseDatabaseWrapper = handler["default"]
    return connection


def _settings(name: str) -> dict[str, Any]:
    if "://" not in name:
        # Only read: a database that is no longer in use must not be changed by who looks at it.
        path = Path(name).resolve()
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"{path.as_uri()}?mode=ro",
            "OPTIONS": {"uri": True},
        }
    url = urlsplit(name)
    if url.scheme == "sqlite":
        return _settings(unquote(url.path))
    if url.scheme not in _ENGINES:
        known = ", ".join(f"{scheme}://" for scheme in ("sqlite", *_ENGINES))
        raise CannotImport([f"--database: {url.scheme}:// is not known; write one of {known}."])
    return {
        "ENGINE": f"django.db.backends.{_ENGINES[url.scheme]}",
        "NAME": unquote(url.path.removeprefix("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
    }


def _shown(name: str) -> str:
    """A database's name, without what is secret of a URL."""
    if "://" not in name:
        return name
    url = urlsplit(name)
    return f"{url.scheme}://{url.hostname or ''}{url.path}"


def _without_secret(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
