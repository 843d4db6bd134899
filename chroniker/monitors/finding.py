"""What a check has found: a number, whether that is bad, a sentence, and some of the rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db.models import QuerySet

from chroniker import settings
from chroniker.exceptions import InvalidMonitor
from chroniker.monitors import registry
from chroniker.monitors.definition import BELOW, Definition, in_words
from chroniker.monitors.question import question
from chroniker.monitors.time_limit import time_limit

MOST_ROWS = 20
"""So many of the rows that need attention are named."""

_LONGEST_ROW = 200
_MOST_RECORDS = 2_147_483_647
"""What every database can store."""


@dataclass(frozen=True)
class Finding:
    """The answer of one check."""

    count: float
    is_bad: bool
    sentence: str
    rows: tuple[str, ...] = ()
    """Some of those that need attention, in words."""

    @property
    def records(self) -> int:
        """The number as ``monitor_records`` stores it."""
        return max(-_MOST_RECORDS, min(round(self.count), _MOST_RECORDS))


def check(definition: Definition, now: datetime) -> Finding:
    """Ask the database or the function; ``now`` (aware) is what relative times count from.

    Raises InvalidMonitor for what cannot be asked, or takes longer than
    ``CHRONIKER_MONITOR_SECONDS``; what a function raises is raised.
    """
    if definition.function:
        return _of_answer(definition, registry.find(definition.function).function())
    return of_rows(definition, question(definition, now).rows())


def of_rows(definition: Definition, rows: QuerySet[Any]) -> Finding:
    """The same of these rows."""
    seconds = settings.CHRONIKER_MONITOR_SECONDS
    try:
        with time_limit(rows.db, seconds):
            count = rows.count()
            # Of too few, those that are there are not what is wrong.
            wanted = definition.is_bad(count) and definition.direction != BELOW
            named = tuple(_in_words(rows)) if wanted else ()
    except (DatabaseError, InterfaceError, OverflowError) as error:
        raise InvalidMonitor(
            f"The database did not answer: {error}. A query may take {seconds:g} s "
            "(CHRONIKER_MONITOR_SECONDS); lookups on columns with an index are faster."
        ) from error
    options = rows.model._meta
    what = options.verbose_name if count == 1 else options.verbose_name_plural
    return _finding(definition, count, str(what), named)


def _in_words(rows: QuerySet[Any]) -> Iterator[str]:
    ordered = rows if rows.ordered or rows.query.is_sliced else rows.order_by("pk")
    for row in ordered[:MOST_ROWS]:
        try:
            text = " ".join(str(row).split())
        except (DatabaseError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - the model's own code
            text = f"{type(row).__name__} {row.pk} ({type(error).__name__})"
        yield text[:_LONGEST_ROW]


def _of_answer(definition: Definition, answer: Any) -> Finding:
    if isinstance(answer, QuerySet):
        return of_rows(definition, answer)
    count, told = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, "")  # noqa: PLR2004
    is_number = isinstance(count, int | float) and not isinstance(count, bool)
    if not is_number or not math.isfinite(count):
        raise InvalidMonitor(
            f"--function: {definition.function} returned {answer!r:.100}; it has to return a "
            "number, a queryset, or a number and a text."
        )
    what = "record" if count == 1 else "records"
    return _finding(definition, count, what, tuple(str(told).splitlines()[:MOST_ROWS]))


def _finding(definition: Definition, count: float, what: str, rows: tuple[str, ...]) -> Finding:
    is_bad = definition.is_bad(count)
    return Finding(count, is_bad, _sentence(definition, count, what), rows if is_bad else ())


def _sentence(definition: Definition, count: float, what: str) -> str:
    number, limit = in_words(count), in_words(definition.threshold)
    if not definition.is_bad(count):
        return f"{number} {what}: no attention is required."
    if definition.direction == BELOW:
        return f"{number} {what}: attention is required below {limit}."
    above = f" (above {limit})" if definition.threshold else ""
    return f"{number} {what} {'requires' if count == 1 else 'require'} attention{above}."
