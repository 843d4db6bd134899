"""Claims as several processes see them: each has loaded the job at some time, and acts later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from chroniker.constants import ALL_HOSTS, Status, Trigger
from chroniker.dispatch.claim import claim
from chroniker.host import uptime
from chroniker.models import Job, JobHost
from chroniker.models.database_clock import database_now
from chroniker.runs import ending, spool
from chroniker.runs.outcome import Outcome
from chroniker.runs.run import Run
from tests.running import due_job


def due_on(host: str, name: str = "due", **values: Any) -> Job:
    """A due job as a process sees it: of a host if one is named, else of any."""
    if not host:
        return due_job(name=name, **values)
    return row_on(host, due_job(name=name, hostname=ALL_HOSTS), **values)


def row_on(host: str, job: Job, **values: Any) -> Job:
    """The job as this host sees it, which gets a row for it."""
    state = {"next_run": job.next_run, "next_occurrence": job.next_occurrence}
    JobHost.objects.create(job=job, hostname=host, revision=job.revision, **state | values)
    return seen_again(job, host)


def seen_again(job: Job, host: str | None = None) -> Job:
    """The job as it is now."""
    host = job.slot if host is None else host
    if not host:
        found: Job = Job.objects.get(pk=job.pk)
        return found
    return JobHost.objects.select_related("job").get(job=job.pk, hostname=host).as_job()


def write(job: Job, **values: Any) -> None:
    """Write into the row whose state this job shows, as other processes do."""
    if job.slot:
        JobHost.objects.filter(pk=job.host_row or 0).update(**values)
    else:
        Job.objects.filter(pk=job.pk).update(**values)


def try_to_claim(seen: Job, trigger: Trigger = Trigger.SCHEDULE) -> Run | None:
    """Claim the job as it was seen, if it still is so."""
    now = database_now("default")
    return claim(seen, now, trigger=trigger, lock_file_of=spool.lock_file_of)


def claimed(seen: Job, trigger: Trigger = Trigger.SCHEDULE) -> Run:
    """Claim the job, which nobody else wants."""
    run = try_to_claim(seen, trigger)
    assert run is not None
    return run


def end_of(run: Run, status: Status = Status.SUCCEEDED, reason: str = "") -> Outcome:
    """The run ends now."""
    return ending.outcome_of(run, status, reason, uptime=uptime())


@contextmanager
def just_before(statement: str, act: Callable[[], Any]) -> Iterator[None]:
    """Let another process act just before the first statement that begins so is executed."""
    pending = [act]

    def execute(real: Callable[..., Any], sql: str, *rest: Any) -> Any:
        plain = sql.replace('"', "").replace("`", "")
        if pending and plain.startswith(statement):
            pending.pop()()
        return real(sql, *rest)

    with connection.execute_wrapper(execute):
        yield
    assert not pending, f"never executed: {statement}"
