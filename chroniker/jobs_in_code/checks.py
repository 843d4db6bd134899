"""System checks: what the tables say of jobs, and what the code does, that no longer agree.

What is in code is checked by ``manage.py check``, what is in the tables by
``manage.py check --database``.

========  =================================================================================
E020      a job that is declared in code, and that could not be one
W020      a job's command is gone
W021      a job's arguments are none that its command takes
W022      a job runs on a host that was never seen
W023      a job's time zone or schedule cannot be used
W024      a job was changed in the admin where code declares something else
W025      a job is declared in code, and cron_sync has not been run since
W026      a job is gone from code, and still enabled
W027      the tables belong to another installation
========  =================================================================================
"""

from collections.abc import Collection
from typing import Any

from django.core.checks import CheckMessage, Tags, register
from django.db import DatabaseError, InterfaceError

from chroniker import settings, write_database
from chroniker.setting_rules import RULES

# What follows from a check is imported by it: a tick registers them, and makes none.


@register("chroniker")
def check_declarations(**_kwargs: Any) -> list[CheckMessage]:
    """Check what code declares; imports the modules that may declare something."""
    if not RULES["CHRONIKER_JOBS"].holds(settings.CHRONIKER_JOBS):
        return []  # which is said already
    from chroniker.jobs_in_code import drift

    return list(drift.of_declarations())


@register(Tags.database)
def check_drift(databases: Collection[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Check the jobs in the tables, if their database is among these."""
    alias = write_database.alias()
    if alias not in (databases or ()):
        return []
    from chroniker.jobs_in_code import drift

    try:
        found = [*drift.of_installation(alias), *drift.of_jobs(alias)]
        if RULES["CHRONIKER_JOBS"].holds(settings.CHRONIKER_JOBS):
            found += drift.of_ownership(alias)
    except (DatabaseError, InterfaceError):
        return []  # not migrated yet, or out of reach; Django's own checks tell
    return found
