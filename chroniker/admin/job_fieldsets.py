"""Where on a job's page a person finds what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy

FIELDSETS: tuple[tuple[Any, Any], ...] = (
    (
        gettext_lazy("Job details"),
        {
            "classes": ("wide",),
            "fields": (
                *(
                    "state",
                    "error",
                    "held_until",
                    "name",
                    "enabled",
                    "command",
                    "args",
                    "raw_command",
                    "hostname",
                ),
                *("timeout_seconds", "stderr_is_failure", "environment", "working_directory"),
                *("memory_limit_mb", "nice"),
            ),
        },
    ),
    (
        gettext_lazy("Frequency options"),
        {
            "classes": ("wide",),
            "fields": (
                *("frequency", "params", "cron_expression", "timezone", "next_run"),
                *("jitter_seconds", "get_frequency", "next_runs"),
            ),
        },
    ),
    (
        gettext_lazy("Rules"),
        {
            "classes": ("wide",),
            "fields": (
                *("active_from", "active_until", "misfire_policy", "misfire_grace_seconds"),
                *("overlap_policy", "concurrency_key", "weight", "priority"),
                *("max_retries", "retry_delay_seconds", "retry_backoff"),
            ),
        },
    ),
    (
        gettext_lazy("Status"),
        {
            "classes": ("wide",),
            "fields": (
                *(
                    "why_not_running",
                    "is_due_display",
                    "is_running",
                    "is_fresh",
                    "force_run",
                    "force_stop",
                ),
                *("last_run_successful", "last_run_with_link"),
                *("last_run_start_timestamp", "last_heartbeat", "current_hostname"),
                *("current_pid", "progress_percent_str", "estimated_completion_datetime_str"),
            ),
        },
    ),
    (
        gettext_lazy("Logging"),
        {
            "classes": ("wide",),
            "fields": ("view_logs_button", "log_stdout", "log_stderr", "maximum_log_entries"),
        },
    ),
    (
        gettext_lazy("E-mail subscriptions"),
        {
            "classes": ("wide",),
            "fields": (
                *("subscribers", "email_errors_to_subscribers"),
                "email_success_to_subscribers",
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
)

READ_ONLY = (
    *("state", "error", "held_until", "is_running", "is_due_display", "is_fresh"),
    *("force_run", "force_stop", "last_run_successful", "last_run_with_link", "last_run_text"),
    *("last_run_start_timestamp", "last_run", "last_heartbeat", "current_hostname"),
    *("current_pid", "total_parts", "total_parts_complete", "progress_percent_str"),
    *("estimated_completion_datetime_str", "get_frequency", "next_runs", "job_type"),
    *("check_is_complete", "monitor_records", "view_logs_button", "why_not_running"),
)
"""What a job tells of itself; requests to run and to stop are made with buttons."""


WHILE_RUNNING = (
    *("is_running", "is_fresh", "progress_percent_str", "estimated_completion_datetime_str"),
)
"""Of these there is nothing to say but no while a job is idle."""


def only(wanted: Callable[[str], bool]) -> list[tuple[Any, Any]]:
    """The fieldsets with the fields that are wanted, without sections that would be empty."""
    sections = []
    for title, options in FIELDSETS:
        fields = tuple(name for name in options["fields"] if wanted(name))
        if fields:
            sections.append((title, {**options, "fields": fields}))
    return sections
