"""The classes in the setting ``CRON_CLASSES`` of django-cron."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from chroniker import constants
from chroniker.interchange.document import Document
from chroniker.interchange.sources.base import Origin
from chroniker.interchange.sources.calls import CannotCall, run_method
from chroniker.interchange.sources.collected import Collected, NotCarriedOver

_WEEK = 7


def read(_origin: Origin) -> Document:
    """Each class as a job that calls its ``do()``; one for each time of day that it names."""
    found = Collected()
    for path in getattr(django_settings, "CRON_CLASSES", ()):
        where = f"CRON_CLASSES: {path}"
        try:
            cron_class = import_string(path)
        except Exception as error:  # noqa: BLE001 - the module is the project's and may raise anything
            found.leave_out(where, f"it cannot be imported: {error}")
            continue
        try:
            what = run_method(path, "do")
            for words, fields in _whens(getattr(cron_class, "schedule", None)):
                code = str(getattr(cron_class, "code", "") or path.rpartition(".")[2])
                found.add({**what, **fields}, where, name=f"{code} {words}".strip())
        except (NotCarriedOver, CannotCall) as error:
            found.leave_out(where, str(error))
    return found.document()


def _whens(schedule: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """When it runs, with words that tell one time of day from another."""
    if schedule is None:
        raise NotCarriedOver("it has no schedule")
    minutes, times = schedule.run_every_mins, list(schedule.run_at_times or ())
    days = _days(schedule)
    again = getattr(schedule, "retry_after_failure_mins", None)
    rest = {"max_retries": -1, "retry_delay_seconds": int(again) * 60} if again else {}
    if minutes is not None:
        if days != "* * *":
            raise NotCarriedOver("it runs every so many minutes on certain days")
        if int(minutes) < 1:
            raise NotCarriedOver("it runs whenever it is looked at")
        rule = {"frequency": constants.MINUTELY, "params": f"interval:{int(minutes)}"}
        yield "", {**rule, **rest}
    for time in times:
        hour, _colon, minute = str(time).partition(":")
        expression = f"{int(minute)} {int(hour)} {days}"
        words = "" if minutes is None and len(times) == 1 else str(time)
        yield words, {"frequency": constants.CRON, "cron_expression": expression, **rest}
    if minutes is None and not times:
        raise NotCarriedOver("it names days, but no time of day")


def _days(schedule: Any) -> str:
    of_week = getattr(schedule, "run_on_days", None)
    of_month = getattr(schedule, "run_monthly_on_days", None)
    if of_week and of_month:
        raise NotCarriedOver("it names days of the week and of the month")
    if of_week:
        return "* * " + ",".join(str((int(day) + 1) % _WEEK) for day in of_week)
    return ",".join(str(int(day)) for day in of_month) + " * *" if of_month else "* * *"
