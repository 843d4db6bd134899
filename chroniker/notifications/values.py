"""What templates of a job's fields may know of it and of its run: plain values, and no secret."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from chroniker.models import Log

_NOT_OF_A_JOB = frozenset(
    {
        *("environment", "notify_urls", "ping_url", "claim_token", "lock_file"),
        *("monitor_error_template", "monitor_url"),
    }
)
_NOT_OF_A_LOG = frozenset({"token", "active_for", "holds_key", "job", "backfill"})


def values_of(log: Log, *, bounded: Callable[[str], str], url: str) -> dict[str, Any]:
    """All that a log knows, its ``job``, and ``url``: where a monitor's records are."""
    job = log.job
    of_job = {
        field.name: getattr(job, field.attname)
        for field in job._meta.concrete_fields
        if field.name not in _NOT_OF_A_JOB
    }
    of_job |= {
        "pk": job.pk,
        "monitor_description_safe": job.monitor_description_safe,
        "monitor_url_rendered": url,
    }
    of_log = {
        field.name: getattr(log, field.attname)
        for field in log._meta.concrete_fields
        if field.name not in _NOT_OF_A_LOG
    }
    return {
        **of_log,
        "duration": log.duration,
        "state": str(log.state),
        "job": MappingProxyType(of_job),
        "stdout": bounded(log.stdout),
        "stderr": bounded(log.stderr),
        "url": url,
    }
