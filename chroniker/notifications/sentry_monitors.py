"""What Sentry's cron monitoring is told of a job: its name there, and when it should run."""

from __future__ import annotations

import re
from typing import Any

from django.utils.text import slugify

from chroniker import constants
from chroniker.models import Job
from chroniker.schedules.params import parse_params

_LONGEST_NAME = 30
_LONGEST_SLUG = 50

_UNITS = {
    constants.MINUTELY: "minute",
    constants.HOURLY: "hour",
    constants.DAILY: "day",
    constants.WEEKLY: "week",
    constants.MONTHLY: "month",
    constants.YEARLY: "year",
}

_ANY_CRONTAB = re.compile(r"[\d*/,\-]+( [\d*/,\-]+){4}")
"""What every reader of crontab lines understands."""

_SECONDS = 60


def slug_of(job: Job, slot: str) -> str:
    """The monitor's name: the job's, its id, and its host if each host runs it for itself."""
    words = f"{slugify(job.name)[:_LONGEST_NAME].strip('-') or 'job'}-{job.pk}"
    return f"{words}-{slugify(slot)}"[:_LONGEST_SLUG].strip("-")


def is_watched(job: Job) -> bool:
    """Whether the job runs at times of its own, so that there is something to expect."""
    return job.frequency not in (*constants.WITHOUT_TIMES, constants.ONCE)


def config_of(job: Job) -> dict[str, Any] | None:
    """When and how long it runs, as Sentry has it; None if that cannot be told in its words."""
    schedule = _schedule(job)
    if schedule is None:
        return None
    config: dict[str, Any] = {"schedule": schedule, "timezone": job.valid_zone_name}
    if job.timeout_seconds:
        config["max_runtime"] = max(1, -(-job.timeout_seconds // _SECONDS))  # in minutes
    return config


def _schedule(job: Job) -> dict[str, Any] | None:
    if job.frequency == constants.CRON:
        expression = " ".join(job.cron_expression.split())
        if not _ANY_CRONTAB.fullmatch(expression):
            return None
        return {"type": "crontab", "value": expression}
    unit = _UNITS.get(job.frequency)
    try:
        params = parse_params(job.params or "", strict=False)
    except ValueError:  # InvalidSchedule is one
        return None
    if unit is None or params.filters or params.count or params.until:
        return None
    return {"type": "interval", "value": params.interval, "unit": unit}
