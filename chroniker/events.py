"""A line of JSON for each thing that happens, on the logger ``chroniker.events``.

Nothing is written unless the project gives this logger a handler or a level of its own in its
``LOGGING``. The line is the record's message, so that any handler writes it as it is; the same
values are the record's attribute ``chroniker_event``, for formatters that make their own of them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chroniker import sentry
from chroniker.constants import BAD_ENDS, Status

logger = logging.getLogger("chroniker.events")

LEVELS = {
    "run_skipped": logging.WARNING,
    "run_missed": logging.WARNING,
    "run_too_long": logging.WARNING,
    "run_too_short": logging.WARNING,
    "host_silent": logging.ERROR,
    "scheduler_silent": logging.ERROR,
    "notification_given_up": logging.ERROR,
}
"""Of events other than INFO. The end of a run is as grave as its status is bad."""


def is_on(level: int = logging.INFO) -> bool:
    """Whether somebody has asked for lines of this level."""
    asked_for = bool(logger.handlers) or logger.level != logging.NOTSET
    # The root's level, mostly WARNING, is about messages for people and does not matter here.
    return asked_for and level >= max(logger.level, logger.manager.disable + 1)


def write(event: str, **facts: Any) -> None:
    """Write a line about this event, if anybody has asked for it. Never raises.

    ``facts`` are texts, numbers and aware instants; what is None is left out. They must not hold
    secrets.
    """
    level = logging.ERROR if facts.get("status") in BAD_ENDS else LEVELS.get(event, logging.INFO)
    if not is_on(level):
        return
    try:
        _write(event, level, facts)
    except Exception as error:  # noqa: BLE001 - handlers and filters are anybody's code
        logging.getLogger("chroniker").error("event %s could not be logged: %s", event, error)


def _write(event: str, level: int, facts: dict[str, Any]) -> None:
    record = logger.makeRecord(logger.name, level, "(chroniker)", 0, "", (), None)
    moment = datetime.fromtimestamp(record.created, UTC)
    values = {"event": event, "time": moment, "level": record.levelname, **facts}
    line = {name: _plain(value) for name, value in values.items() if value is not None}
    record.msg = json.dumps(line)  # ASCII: one line, whatever the names hold
    record.chroniker_event = line
    sentry.ignore_logger(logger.name)  # where failures are reported as such
    logger.handle(record)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Status):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return value if isinstance(value, bool | int | float) else str(value)
