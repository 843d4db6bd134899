"""The tables of django-chroniker 1.x and of django-chronograph, in another database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models

from chroniker import write_database
from chroniker.exceptions import CannotImport
from chroniker.interchange import carried
from chroniker.interchange.document import CRITERIA, Document, Link
from chroniker.interchange.sources.base import Origin, Row, Tables, instant
from chroniker.interchange.sources.collected import Collected

_HISTORY = "logs are not carried over; they stay where they are"


def chroniker(origin: Origin) -> Document:
    """The jobs of another database of this package or of 1.x, with their dependencies."""
    if (origin.database or write_database.alias()) == write_database.alias():
        raise CannotImport(
            [
                "--database: name the other database; jobs of 1.x in this one are taken over by "
                "migrate."
            ]
        )
    return _read(origin, "chroniker", _chroniker_fields)


def chronograph(origin: Origin) -> Document:
    """The jobs of django-chronograph."""
    return _read(origin, "chronograph", _chronograph_fields)


def _read(origin: Origin, app: str, read: Callable[[Row], dict[str, Any]]) -> Document:
    tables, found = Tables(origin.database), Collected()
    try:
        rows = tables.rows(f"{app}_job")
        names: dict[Any, str] = {}
        subscribers = _subscribers(tables, app)
        for row in rows:
            where, name = f"{app}_job {row['id']}", str(row["name"])
            fields = read(row)
            names[row["id"]] = found.add(
                fields, where, name=name, subscribers=sorted(subscribers.get(row["id"], ()))
            )
            if row.get("is_running"):
                found.leave_out(where, "it is running there now; that run is not taken over")
        if f"{app}_jobdependency" in tables.names:
            _add_dependencies(found, tables.rows(f"{app}_jobdependency"), names)
        if rows:
            found.leave_out(f"{app}_log", _HISTORY)
    finally:
        tables.close()
    return found.document()


def _chroniker_fields(row: Row) -> dict[str, Any]:
    """The columns that both have, as this package has them."""
    fields = {
        name: _value(field, row[field.column])
        for name, field in carried.fields().items()
        if field.column in row and name != "name"
    }
    fields["frequency"] = fields.get("frequency") or "DAILY"
    if "anchor" not in fields:
        # 1.x counts from the next run; a disabled job may have none.
        fields |= {"anchor": fields["next_run"], "next_occurrence": fields["next_run"]}
    return fields


def _chronograph_fields(row: Row) -> dict[str, Any]:
    next_run = instant(row["next_run"])
    return {
        "frequency": row["frequency"],
        "params": row["params"],
        "command": row["command"],
        "args": row["args"],
        "enabled": not row["disabled"],
        **dict.fromkeys(carried.TIMING_FIELDS, next_run),
    }


def _value(field: Any, value: Any) -> Any:
    if isinstance(field, models.DateTimeField):
        return instant(value)
    if isinstance(field, models.BooleanField):
        return None if value is None and field.null else bool(value)
    if value is None and not field.null:
        return field.get_default()
    return value


def _subscribers(tables: Tables, app: str) -> dict[Any, set[str]]:
    """The users' names by the id of the job; none if their table is not known."""
    users: Any = get_user_model()
    table, links = users._meta.db_table, f"{app}_job_subscribers"
    if not {table, links} <= tables.names:
        return {}
    column = users._meta.get_field(users.USERNAME_FIELD).column
    key = users._meta.pk.column
    names = {row[key]: row[column] for row in tables.rows(table) if column in row}
    found: dict[Any, set[str]] = {}
    for row in tables.rows(links):
        if row["user_id"] in names:
            found.setdefault(row["job_id"], set()).add(names[row["user_id"]])
    return found


def _add_dependencies(found: Collected, rows: list[Row], names: dict[Any, str]) -> None:
    links: dict[str, list[Link]] = {}
    keys = {entry.name: entry.key for entry in found.entries}
    for row in rows:
        if row["dependent_id"] in names and row["dependee_id"] in names:
            criteria = {name: bool(row[name]) for name in CRITERIA if name in row}
            link = Link(job=keys[names[row["dependee_id"]]], criteria=criteria)
            links.setdefault(names[row["dependent_id"]], []).append(link)
    found.link(links)
