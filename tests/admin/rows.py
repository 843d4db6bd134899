"""Rows that tests of the admin look at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from chroniker.constants import BAD_ENDS, Status, Trigger
from chroniker.dispatch.claim import claim
from chroniker.fingerprint import of_failure
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from chroniker.runs.run import Run


def job(name: str = "job", **values: Any) -> Job:
    """A job that is due tomorrow."""
    values = {"command": "succeed", "frequency": "DAILY", **values}
    made = Job(name=name, **values)
    made.save()
    return fresh(made)


def fresh(stale: Job) -> Job:
    """The job as it is in the database now."""
    found: Job = Job.objects.get(pk=stale.pk)
    return found


def claimed(job: Job) -> Run:
    """Claim a job as a tick does; the run goes on, but nothing carries it."""
    run = claim(
        fresh(job), database_now("default"), trigger=Trigger.DIRECT, lock_file_of=lambda _token: ""
    )
    assert run is not None
    return run


def silence(job: Job) -> None:
    """Let the last sign of life of a running job be a day ago."""
    long_ago = to_stored(database_now("default") - timedelta(days=1))
    Job.objects.filter(pk=job.pk).update(last_heartbeat=long_ago)


def asking_for_output(queries: Iterable[dict[str, str]]) -> list[str]:
    """Those of these queries that read what jobs have printed."""
    statements = (query["sql"] for query in queries)
    return [sql for sql in statements if re.search(r"chroniker_log.\..std(out|err)\b", sql)]


def log(job: Job, **values: Any) -> Log:
    """A run that has ended."""
    start = to_stored(database_now("default") - timedelta(hours=1))
    values = {
        "status": Status.SUCCEEDED,
        "success": values.get("status", Status.SUCCEEDED) == Status.SUCCEEDED,
        "on_time": values.get("status") != Status.TIMED_OUT,
        "run_start_datetime": start,
        "run_end_datetime": start + timedelta(seconds=12),
        **values,
    }
    if values["status"] in BAD_ENDS:
        said = values.get("reason") or "", values.get("stderr", "")
        values = {"fingerprint": of_failure(values["status"], *said), **values}
    made: Log = Log.objects.create(job=job, **values)
    return made
