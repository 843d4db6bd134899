"""Where on a job's page a person finds what, in the order in which a job is thought up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chroniker.admin import display, job_summary
from chroniker.models import Job

FIELDSETS: tuple[tuple[Any, Any], ...] = (
    (
        gettext_lazy("What"),
        {
            "classes": ("wide",),
            "fields": (
                *("error", "held_until", "name", "enabled", "group", "description"),
                *("command", "args", "raw_command", "shell"),
            ),
        },
    ),
    (
        gettext_lazy("Variables, folder and limits"),
        {
            "classes": ("wide", "collapse"),
            "fields": ("environment", "working_directory", "memory_limit_mb", "nice"),
        },
    ),
    (
        gettext_lazy("When"),
        {
            "classes": ("wide",),
            "fields": (
                *("frequency", "params", "cron_expression", "timezone", "next_run"),
                "schedule_preview",
            ),
        },
    ),
    (
        gettext_lazy("Active time and spread"),
        {
            "classes": ("wide", "collapse"),
            "fields": ("active_from", "active_until", "jitter_seconds"),
        },
    ),
    (
        gettext_lazy("Where"),
        {
            "classes": ("wide",),
            "fields": ("hostname", "concurrency_key", "priority", "weight"),
        },
    ),
    (
        gettext_lazy("If …"),
        {
            "classes": ("wide",),
            "fields": (
                *("overlap_policy", "misfire_policy", "misfire_grace_seconds"),
                *("max_retries", "retry_delay_seconds", "retry_backoff"),
                *("timeout_seconds", "stderr_is_failure"),
                *("late_after_seconds", "long_after_seconds", "short_below_seconds"),
            ),
        },
    ),
    (
        gettext_lazy("Who hears"),
        {
            "classes": ("wide",),
            "fields": (
                *("subscribers", "email_errors_to_subscribers"),
                *("email_success_to_subscribers", "notify_urls", "notify_after", "notify_every"),
                "ping_url",
            ),
        },
    ),
    (
        gettext_lazy("Monitor"),
        {
            "classes": ("wide", "collapse"),
            "fields": (
                *("is_monitor", "monitor_url", "monitor_error_template"),
                *("monitor_description", "monitor_records"),
            ),
        },
    ),
    (
        gettext_lazy("Keep"),
        {
            "classes": ("wide",),
            "fields": ("log_stdout", "log_stderr", "maximum_log_entries"),
        },
    ),
    (
        gettext_lazy("State in detail"),
        {
            "classes": ("wide", "collapse"),
            "fields": (
                *("is_due_display", "is_running", "is_fresh", "force_run", "force_stop"),
                *("last_run_successful", "last_run_with_link"),
                *("last_run_start_timestamp", "last_heartbeat", "current_hostname"),
                *("current_pid", "progress_percent_str", "estimated_completion_datetime_str"),
                "view_logs_button",
            ),
        },
    ),
)

READ_ONLY = (
    *("state", "error", "held_until", "is_running", "is_due_display", "is_fresh"),
    *("force_run", "force_stop", "last_run_successful", "last_run_with_link", "last_run_text"),
    *("last_run_start_timestamp", "last_run", "last_heartbeat", "current_hostname"),
    *("current_pid", "total_parts", "total_parts_complete", "progress_percent_str"),
    *("estimated_completion_datetime_str", "get_frequency", "job_type"),
    *("check_is_complete", "monitor_records", "view_logs_button"),
    "schedule_preview",
)
"""What a job tells of itself; requests to run and to stop are made with buttons."""

OF_A_NEW_JOB = frozenset({"schedule_preview"})
"""Of these, what there is to tell before it is saved."""

WHILE_RUNNING = (
    *("is_running", "is_fresh", "progress_percent_str", "estimated_completion_datetime_str"),
)
"""Of these there is nothing to say but no while a job is idle."""

_SUMMARIES: dict[str, Callable[[Job], str]] = {
    "command": job_summary.what,
    "environment": job_summary.surroundings,
    "schedule_preview": job_summary.when,
    "active_from": job_summary.window,
    "hostname": job_summary.where,
    "overlap_policy": job_summary.conditions,
    "subscribers": job_summary.hearing,
    "is_monitor": job_summary.monitoring,
    "maximum_log_entries": job_summary.keeping,
}
"""By a field of the section that they are about."""


def of_job(job: Job, wanted: Callable[[str], bool]) -> list[tuple[Any, Any]]:
    """The sections with the fields that are wanted and what is set in each; none that is empty."""
    sections = []
    for title, options in FIELDSETS:
        fields = tuple(name for name in options["fields"] if wanted(name))
        if fields:
            sections.append(_section(title, {**options, "fields": fields}, job))
    return sections


def _section(title: Any, options: dict[str, Any], job: Job) -> tuple[Any, Any]:
    """What is set in a folded section is part of its title, to be read without unfolding it."""
    summary = next(
        (each(job) for name, each in _SUMMARIES.items() if name in options["fields"]), ""
    )
    if not summary:
        return title, options
    if "collapse" in options["classes"]:
        return _("%(section)s: %(summary)s") % {"section": title, "summary": summary}, options
    return title, {**options, "description": display.small(summary)}
