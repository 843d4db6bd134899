"""The periodic tasks of django-celery-beat. A job here sends the task to Celery's workers."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from chroniker import arguments, constants
from chroniker.exceptions import InvalidSchedule
from chroniker.interchange import carried
from chroniker.interchange.document import Document
from chroniker.interchange.project import project_folder, settings_module
from chroniker.interchange.sources.base import Origin, Row, Tables, instant
from chroniker.interchange.sources.collected import Collected, NotCarriedOver
from chroniker.moments import utc_now
from chroniker.schedules.cron_expression import parse_expression
from chroniker.schedules.params import MAX_INTERVAL

_APP = "django_celery_beat"
_PERIODS = {
    "days": constants.DAILY,
    "hours": constants.HOURLY,
    "minutes": constants.MINUTELY,
    "seconds": constants.SECONDLY,
}
_LARGER = {"seconds": ("minutes", 60), "minutes": ("hours", 60)}
_NO_PLACE = {
    "exchange": "an exchange",
    "routing_key": "a routing key",
    "priority": "a priority of its message",
    "expire_seconds": "a time after which its message expires",
}


def read(origin: Origin) -> Document:
    """Each periodic task as a job that runs ``celery call``."""
    tables, found = Tables(origin.database), Collected()
    try:
        tasks = tables.rows(f"{_APP}_periodictask")
        kinds = {
            kind: {row["id"]: row for row in tables.rows(f"{_APP}_{kind}schedule")}
            for kind in ("crontab", "interval", "clocked")
        }
    finally:
        tables.close()
    celery_app = origin.celery_app or _project()
    for task in tasks:
        where = f"periodic task {task['id']} ({task['name']})"
        try:
            fields = {**_when(task, kinds), **_what(task, celery_app)}
        except NotCarriedOver as error:
            found.leave_out(where, str(error))
            continue
        found.add(fields, where, name=str(task["name"]))
        for name, words in _NO_PLACE.items():
            if task.get(name) not in (None, ""):
                found.leave_out(where, f"it has {words}, for which there is no place here")
        if task.get("headers") not in (None, "", "{}", {}):
            found.leave_out(where, "its message has headers, for which there is no place here")
    if found.entries:
        found.leave_out(
            "the tasks",
            f"a job's run ends when its task was sent to Celery ({celery_app}), not when the task "
            "has ended; give the jobs commands of their own to have them watched",
        )
    return found.document()


def _project() -> str:
    return settings_module().partition(".")[0] or "proj"


def _what(task: Row, celery_app: str) -> dict[str, Any]:
    words = ["celery", "--app", celery_app, "call", str(task["task"])]
    for option, name, empty in (("--args", "args", []), ("--kwargs", "kwargs", {})):
        try:
            value = json.loads(task[name] or json.dumps(empty))
        except ValueError:
            raise NotCarriedOver(f"its {name} are no JSON") from None
        if value != empty:
            words.append(f"{option}={json.dumps(value)}")
    if task["queue"]:
        words.append(f"--queue={task['queue']}")
    return {
        "raw_command": arguments.join(words),
        "working_directory": project_folder(),
        "description": task["description"] or "",
        "enabled": bool(task["enabled"]),
        "active_from": instant(task["start_time"]),
        "active_until": instant(task["expires"]),
    }


def _when(task: Row, kinds: dict[str, dict[Any, Row]]) -> dict[str, Any]:
    for kind, read_kind in (("clocked", _clocked), ("crontab", _crontab), ("interval", _interval)):
        row = kinds[kind].get(task.get(f"{kind}_id"))
        if row is not None:
            if task["one_off"] and kind != "clocked":
                raise NotCarriedOver("it is to run once, at a time that is not said")
            return read_kind(row, task)
    raise NotCarriedOver("it follows the sun, or no schedule at all")


def _clocked(row: Row, task: Row) -> dict[str, Any]:
    moment = instant(row["clocked_time"])
    if not task["enabled"]:
        raise NotCarriedOver("it was to run once, and has done so or was disabled")
    return {"frequency": constants.ONCE, "next_run": moment}


def _crontab(row: Row, _task: Row) -> dict[str, Any]:
    parts = [
        re.sub(r"\s+", "", str(row[name]))
        for name in ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    ]
    if not parts[2].startswith("*") and not parts[4].startswith("*"):
        raise NotCarriedOver(
            "it wants a day of the month that is also a certain day of the week; a cron expression "
            "takes either"
        )
    expression = " ".join(parts)
    try:
        parse_expression(expression)
    except InvalidSchedule as error:
        raise NotCarriedOver(f"its times cannot be read: {error}") from None
    return {
        "frequency": constants.CRON,
        "cron_expression": expression,
        "timezone": str(row["timezone"] or ""),
    }


def _interval(row: Row, task: Row) -> dict[str, Any]:
    every, period = int(row["every"]), str(row["period"])
    while every > MAX_INTERVAL and period in _LARGER and every % _LARGER[period][1] == 0:
        period, size = _LARGER[period]
        every //= size
    if period not in _PERIODS or not 0 < every <= MAX_INTERVAL:
        raise NotCarriedOver(f"there is no interval of {row['every']} {row['period']} here")
    fields: dict[str, Any] = {"frequency": _PERIODS[period], "params": f"interval:{every}"}
    last = instant(task["last_run_at"])
    if last is not None:
        following = _following(last, timedelta(**{period: every}))
        fields |= dict.fromkeys(carried.TIMING_FIELDS, following)
    return fields


def _following(last: datetime, interval: timedelta) -> datetime:
    """When it is due next, counted from its last run."""
    passed = max(utc_now() - last, timedelta())
    return (last + (passed // interval + 1) * interval).astimezone(UTC)
