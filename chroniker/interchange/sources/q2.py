"""The schedules of django-q2."""

from __future__ import annotations

from typing import Any

from chroniker import constants
from chroniker.interchange import carried
from chroniker.interchange.document import Document
from chroniker.interchange.sources.base import Origin, Row, Tables, instant
from chroniker.interchange.sources.calls import CannotCall, call, literals
from chroniker.interchange.sources.collected import Collected, NotCarriedOver

_RULES = {
    "H": (constants.HOURLY, 1),
    "D": (constants.DAILY, 1),
    "W": (constants.WEEKLY, 1),
    "BW": (constants.WEEKLY, 2),
    "M": (constants.MONTHLY, 1),
    "BM": (constants.MONTHLY, 2),
    "Q": (constants.MONTHLY, 3),
    "Y": (constants.YEARLY, 1),
}
_ONCE, _MINUTES, _CRON = "O", "I", "C"
_ALWAYS = -1
_LAST_DAY_OF_ALL_MONTHS = 28
_NO_PLACE = {
    "hook": "a hook that is called with its result",
    "cluster": "a cluster",
    "intended_date_kwarg": "an argument for the intended date",
}


def read(origin: Origin) -> Document:
    """Each schedule as a job that calls the same function, in a process of its own."""
    tables, found = Tables(origin.database), Collected()
    try:
        rows = tables.rows("django_q_schedule")
    finally:
        tables.close()
    for row in rows:
        name = row["name"] or row["func"]
        where = f"schedule {row['id']} ({name})"
        try:
            fields = {**_when(row), **_what(row)}
        except (NotCarriedOver, CannotCall) as error:
            found.leave_out(where, str(error))
            continue
        found.add(fields, where, name=str(name))
        for column, words in _NO_PLACE.items():
            if row.get(column):
                found.leave_out(where, f"it has {words}, for which there is no place here")
    return found.document()


def _what(row: Row) -> dict[str, Any]:
    kwargs = literals(row["kwargs"], dict)
    if "q_options" in kwargs:
        raise NotCarriedOver("it has q_options")
    return call(str(row["func"]), literals(row["args"], tuple), kwargs)


def _when(row: Row) -> dict[str, Any]:
    kind, repeats, next_run = row["schedule_type"], row["repeats"], instant(row["next_run"])
    if repeats == 0:
        raise NotCarriedOver("it has run as often as it was to")
    if kind == _CRON:
        if repeats != _ALWAYS:
            raise NotCarriedOver(f"it is to run {repeats} more times by a cron expression")
        return {"frequency": constants.CRON, "cron_expression": str(row["cron"] or "")}
    if next_run is None:
        raise NotCarriedOver("it has no next run")
    if kind == _ONCE:
        return {"frequency": constants.ONCE, "next_run": next_run}
    frequency, interval = _rule(row)
    if frequency == constants.MONTHLY and next_run.day > _LAST_DAY_OF_ALL_MONTHS:
        raise NotCarriedOver(f"it runs on day {next_run.day}, which not every month has")
    params = [f"interval:{interval}"] if interval != 1 else []
    if repeats > 0:
        params.append(f"count:{repeats}")
    return {
        "frequency": frequency,
        "params": ";".join(params),
        **dict.fromkeys(carried.TIMING_FIELDS, next_run),
    }


def _rule(row: Row) -> tuple[str, int]:
    """The frequency and its interval."""
    kind = row["schedule_type"]
    if kind == _MINUTES:
        return constants.MINUTELY, int(row["minutes"] or 0)
    if kind not in _RULES:
        raise NotCarriedOver(f"{kind!r} is no kind of schedule that is known")
    return _RULES[kind]
