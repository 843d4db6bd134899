"""Print the rows, or the schema, of chroniker's tables as JSON, without any model.

``python dump.py rows`` or ``python dump.py schema``
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402 - after setup

TABLES = (
    "chroniker_job",
    "chroniker_log",
    "chroniker_jobdependency",
    "chroniker_job_subscribers",
)


def plain(value: object) -> object:
    """Return ``value`` as JSON can hold it; instants in UTC, to the microsecond."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    return value if isinstance(value, str | int | float | None) else str(value)


def rows(table: str) -> dict[str, dict[str, object]]:
    """Return all rows of ``table`` by primary key, each as column -> value."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - a name from above
        columns = [column[0] for column in cursor.description]
        found = [dict(zip(columns, map(plain, row), strict=True)) for row in cursor.fetchall()]
    return {str(row["id"]): row for row in found}


def schema(table: str) -> dict[str, Any]:
    """Return the columns (type, may be NULL, has a default) and what is indexed or constrained."""
    introspection = connection.introspection
    with connection.cursor() as cursor:
        columns = introspection.get_table_description(cursor, table)
        constraints = introspection.get_constraints(cursor, table)
    return {
        "columns": {
            column.name: [
                introspection.get_field_type(column.type_code, column),
                bool(column.null_ok),
                column.default is not None,
            ]
            for column in columns
        },
        "constraints": sorted(
            [
                sorted(constraint["columns"] or []),
                bool(constraint["unique"]),
                bool(constraint["check"]),
                list(constraint["foreign_key"] or []),
            ]
            for constraint in constraints.values()
        ),
    }


if __name__ == "__main__":
    describe = {"rows": rows, "schema": schema}[sys.argv[1]]
    print(json.dumps({table: describe(table) for table in TABLES}))
