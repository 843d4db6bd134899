"""The database's clock, which alone decides what is due and whether a lease has run out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import connections
from django.db.models import BigIntegerField, Func


class NowMilliseconds(Func):
    """Milliseconds since 1970-01-01 UTC when the statement runs, as an integer.

    An integer, because it means the same with ``USE_TZ`` on and off and in every session zone.
    """

    template = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    output_field = BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # statement_timestamp(), for now() is the start of the transaction.
        template = "(EXTRACT(EPOCH FROM statement_timestamp()) * 1000)::bigint"
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_mysql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000"
        return self.as_sql(compiler, connection, template=template, **extra)


_STATEMENTS = {
    "postgresql": "SELECT (EXTRACT(EPOCH FROM statement_timestamp()) * 1000)::bigint",
    "mysql": "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000",
    "sqlite": f"SELECT {NowMilliseconds.template}",
}


def database_now(using: str) -> datetime:
    """The database's own time, as an aware UTC datetime with millisecond resolution."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS[connection.vendor])
        (milliseconds,) = cursor.fetchone()
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
