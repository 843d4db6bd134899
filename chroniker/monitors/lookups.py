"""Field lookups that a person wrote, judged by the model before any query is made of them.

Only real fields, relations and lookups pass: no regular expression, no field that holds secrets,
no model that monitors may not ask about, and never more than ``MOST_RELATIONS`` relations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.db.models.expressions import Col
from django.db.models.lookups import Regex

from chroniker.exceptions import InvalidMonitor
from chroniker.monitors import allowance
from chroniker.monitors.nearest import nearest
from chroniker.monitors.values import converted

MOST_CONDITIONS = 20
MOST_RELATIONS = 3
MOST_TRANSFORMS = 3

_OF_RELATIONS = frozenset({"exact", "in", "isnull", "gt", "gte", "lt", "lte"})
_NAME = re.compile(r"\w+")


@dataclass(frozen=True)
class Condition:
    """One lookup: ``path`` with its lookup at the end, and the value that it takes."""

    path: str
    lookup: str
    value: Any
    seen: tuple[type[Model], ...] = ()
    """The models that it looks into besides the monitor's own."""
    is_many: bool = False
    """Whether one row can meet it several times over, by way of several others."""


@dataclass(frozen=True)
class _Place:
    """How far a path has been followed."""

    model: type[Model]
    field: Any = None
    seen: tuple[type[Model], ...] = ()
    is_many: bool = False


def conditions(
    option: str, model: type[Model], given: Iterable[tuple[str, Any]], now: datetime
) -> tuple[Condition, ...]:
    """These lookups, judged and with their values; ``option`` is what errors begin with.

    ``now`` is aware. Raises InvalidMonitor, naming the lookup, its fault, and what would do.
    """
    found: dict[str, Condition] = {}
    for name, value in given:
        try:
            condition = _condition(model, name, value, now)
        except InvalidMonitor as error:
            raise InvalidMonitor(f"{option}: {error}") from None
        if condition.path in found:
            raise InvalidMonitor(f"{option}: {name} is given twice.")
        found[condition.path] = condition
    if len(found) > MOST_CONDITIONS:
        raise InvalidMonitor(f"{option}: at most {MOST_CONDITIONS} lookups can be given.")
    return tuple(found.values())


def _condition(model: type[Model], name: str, given: Any, now: datetime) -> Condition:
    names = name.split("__")
    if not _NAME.fullmatch(name) or "" in names:
        raise InvalidMonitor(f"{name!r} is no lookup; write for instance field=value.")
    for each in names:
        _refuse_secret(name, each)
    place, rest = _followed(model, names)
    _refuse_secret(name, place.field.name)  # such as pk
    field, lookup = _lookup(name, place.field, rest)
    path = name if rest and rest[-1] == lookup else f"{name}__{lookup}"
    if given is None and lookup == "exact":
        path, lookup, given = f"{path.removesuffix('exact')}isnull", "isnull", True
    value = converted(name, field, lookup, given, now)
    return Condition(path, lookup, value, place.seen, place.is_many)


def _refuse_secret(path: str, name: str) -> None:
    if allowance.is_secret(name):
        raise InvalidMonitor(
            f"{path}: {name} looks like a secret, which monitors may not ask about."
        )


def _followed(model: type[Model], names: list[str]) -> tuple[_Place, list[str]]:
    """The field that the names lead to, and those after it: transforms and the lookup."""
    place, left = _Place(model), list(names)
    while left:
        if place.field is not None:
            if not place.field.is_relation or not _has(place.model, left[0]):
                break
            if len(place.seen) == MOST_RELATIONS:
                raise InvalidMonitor(
                    f"{'__'.join(names)} follows more than {MOST_RELATIONS} relations."
                )
            place = replace(place, seen=(*place.seen, place.model))
            allowance.refuse_unless_allowed("__".join(names), place.model)
        place = _stepped(place, left.pop(0))
    if place.field.is_relation and place.is_many and place.model not in place.seen:
        # It is asked whether there are such rows, or which.
        allowance.refuse_unless_allowed("__".join(names), place.model)
        place = replace(place, seen=(*place.seen, place.model))
    return place, left


def _has(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return name == "pk"
    return True


def _stepped(place: _Place, name: str) -> _Place:
    """One name further. After a relation, the place's model is the one it leads to."""
    options = place.model._meta
    try:
        field: Any = options.pk if name == "pk" else options.get_field(name)
    except FieldDoesNotExist:
        names = {one.name for one in options.get_fields() if "+" not in one.name}
        known = sorted(one for one in names if not allowance.is_secret(one))
        raise InvalidMonitor(
            f"{options.label} has no field {name!r}{nearest(name, known)}. "
            f"It has: {', '.join(known)}."
        ) from None
    if not hasattr(field, "path_infos") and (field.is_relation or not field.concrete):
        raise InvalidMonitor(f"{options.label}.{name} cannot be looked up by a query.")
    if not field.is_relation:
        return replace(place, field=field)
    many = place.is_many or any(step.m2m for step in field.path_infos)
    return replace(place, model=field.related_model, field=field, is_many=many)


def _lookup(name: str, field: Any, rest: list[str]) -> tuple[Any, str]:
    """The field whose values the lookup compares, and the lookup's name."""
    if field.is_relation:
        (lookup, *more) = rest or ["exact"]
        if more or lookup not in _OF_RELATIONS:
            raise InvalidMonitor(
                f"{name}: {field.related_model._meta.label} has no field {lookup!r}, and there "
                "is no such lookup."
            )
        target = field.path_infos[-1].target_fields[0]
        _refuse_secret(name, target.name)
        return target, lookup
    if len(rest) > MOST_TRANSFORMS:
        raise InvalidMonitor(f"{name} has too many parts after {field.name}.")
    expression: Any = Col(field.model._meta.db_table, field)
    for position, part in enumerate(rest, start=1):
        lookup = expression.get_lookup(part)
        if position == len(rest) and lookup is not None:
            if issubclass(lookup, Regex):
                raise InvalidMonitor(
                    f"{name}: regular expressions can keep a database busy for years; use "
                    "contains, startswith, endswith or in."
                )
            return expression.output_field, part
        expression = _transformed(name, expression, part)
    return expression.output_field, "exact"


def _transformed(name: str, expression: Any, part: str) -> Any:
    transform = expression.get_transform(part)
    if transform is None:
        known = [*_names_of_lookups(expression.output_field)]
        raise InvalidMonitor(
            f"{name}: there is no lookup {part!r}{nearest(part, known)}. "
            f"There are: {', '.join(known)}."
        )
    return transform(expression)


def _names_of_lookups(field: Any) -> Iterator[str]:
    for name, lookup in sorted(field.get_lookups().items()):
        if not issubclass(lookup, Regex):
            yield name
