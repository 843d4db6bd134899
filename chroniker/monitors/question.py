"""A definition's model and lookups as a query, and which models that looks into."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet, FieldError, FullResultSet, ValidationError
from django.db import DatabaseError, InterfaceError, connections, router
from django.db.models import Model, QuerySet

from chroniker.exceptions import InvalidMonitor
from chroniker.monitors import allowance
from chroniker.monitors.definition import Definition
from chroniker.monitors.lookups import Condition, conditions


@dataclass(frozen=True)
class Question:
    """The rows of a model that meet all filters, and do not meet all excludes."""

    model: type[Model]
    filters: tuple[Condition, ...]
    excludes: tuple[Condition, ...]
    database: str

    @property
    def models(self) -> set[type[Model]]:
        """Every model that the answer tells something about."""
        seen = {model for one in (*self.filters, *self.excludes) for model in one.seen}
        return {self.model, *seen}

    def rows(self) -> QuerySet[Any]:
        """The rows, each once; nothing is asked of the database yet."""
        found: QuerySet[Any] = self.model._default_manager.using(self.database)
        found = found.filter(**_by_path(self.filters))
        if self.excludes:
            found = found.exclude(**_by_path(self.excludes))
        if any(one.is_many for one in self.filters):
            every: QuerySet[Any] = self.model._default_manager.using(self.database)
            found = every.filter(pk__in=found.order_by().values("pk"))
        return found


def question(definition: Definition, now: datetime) -> Question:
    """What a definition with a model asks; ``now`` (aware) is what relative times count from.

    Raises InvalidMonitor, naming the option, its fault, and what would do.
    """
    model = allowance.model_called(definition.model)
    asked = Question(
        model,
        conditions("--filter", model, _given("--filter", definition.filters), now),
        conditions("--exclude", model, _given("--exclude", definition.excludes), now),
        _database(definition, model),
    )
    _refuse_what_makes_no_query(asked)
    return asked


def _given(option: str, texts: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The lookups in words ``name=value`` and in JSON objects."""
    for text in texts:
        if text.lstrip().startswith("{"):
            yield from _from_json(option, text)
            continue
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidMonitor(
                f"{option}: {text!r} is no lookup; write field=value, field__lookup=value, or a "
                "JSON object."
            )
        yield name.strip(), value


def _from_json(option: str, text: str) -> Iterator[tuple[str, Any]]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _value in pairs]
        for name in names:
            if names.count(name) > 1:
                raise InvalidMonitor(f"{option}: {name} is given twice.")
        return dict(pairs)

    try:
        given = json.loads(text, object_pairs_hook=once)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidMonitor(
            f"{option}: this is not JSON: {error}. Put a JSON object in single quotes: "
            """'{"status": "new"}'."""
        ) from None
    yield from given.items()


def _database(definition: Definition, model: type[Model]) -> str:
    alias = definition.database or router.db_for_read(model)
    if alias not in connections:
        known = ", ".join(connections)
        raise InvalidMonitor(f"--database: there is no database {alias!r}. There are: {known}.")
    return alias


def _by_path(several: Iterable[Condition]) -> dict[str, Any]:
    return {one.path: one.value for one in several}


def _refuse_what_makes_no_query(asked: Question) -> None:
    """What only Django finds out, such as a lookup that the database does not have."""
    try:
        asked.rows().query.get_compiler(asked.database).as_sql()
    except (EmptyResultSet, FullResultSet):
        return
    except (FieldError, ValidationError, ValueError, TypeError, ArithmeticError) as error:
        raise InvalidMonitor(f"--filter or --exclude: {error}") from None
    except (DatabaseError, InterfaceError) as error:
        raise InvalidMonitor(f"The database {asked.database} cannot be asked: {error}") from error
