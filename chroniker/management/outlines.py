"""A job as JSON: the keys that ``cron_list`` and ``cron_show`` share."""

from __future__ import annotations

from typing import Any

from chroniker.models.listing import Listed
from chroniker.moments import iso


def outline(listed: Listed) -> dict[str, Any]:
    """The facts of a job for programs; keys are only ever added. Times are ISO 8601, in UTC."""
    job = listed.job
    return {
        "id": job.pk,
        "name": job.name,
        "group": job.group,
        "enabled": bool(job.enabled),
        "state": listed.state.kind,
        "state_words": str(listed.state.words),
        "detail": str(listed.state.detail),
        "running": listed.is_running,
        "schedule": listed.schedule,
        "frequency": job.frequency,
        "time_zone": job.zone_name,
        "host": job.hostname or "",
        "command_line": job.command_line,
        "next_run": iso(listed.next_run),
        "last_run": iso(listed.last_run),
        "last_run_successful": job.last_run_successful,
        "last_success": iso(listed.last_success),
        "errors_in_a_row": listed.errors,
        "error": job.error or "",
    }
