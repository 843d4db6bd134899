"""Ticks at moments that a test chooses, of a host whose runs end when and as the test says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chroniker.constants import Status
from chroniker.dispatch.line import Selection
from chroniker.dispatch.tick import tick
from chroniker.executors.base import Executor
from chroniker.models import Job, Log
from chroniker.moments import to_instant, to_stored
from chroniker.runs.outcome import Outcome
from chroniker.runs.record import record
from chroniker.runs.run import Run

START = datetime(2030, 1, 7, 12, 0, tzinfo=UTC)
"""A Monday, at noon."""

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def at(minutes: float) -> datetime:
    """So many minutes after the start."""
    return START + minutes * MINUTE


def new_job(name: str = "job", *, due: float | None = 0, **values: Any) -> Job:
    """A job whose next run is so many minutes after the start; each minute, if not said else."""
    values = {"command": "succeed", "frequency": "MINUTELY", **values}
    job = Job(name=name, next_run=None if due is None else to_stored(at(due)), **values)
    job.save()
    return Job.objects.get(pk=job.pk)


class Ticking(Executor):
    """Claims as a scheduler does, and carries nothing out."""

    def __init__(self) -> None:
        self.going: dict[str, Run] = {}

    def launch(self, run: Run) -> None:
        """It goes on until :meth:`end`."""
        assert run.job_name not in self.going
        self.going[run.job_name] = run

    def tick(self, minutes: float, **selection: Any) -> list[str]:
        """One pass so many minutes after the start; the names of the jobs it started."""
        report = tick(self, "default", at(minutes), Selection(**selection))
        assert report.not_started == []
        return [run.job_name for run in report.launched]

    def end(self, name: str, minutes: float, status: Status = Status.SUCCEEDED) -> Run:
        """Let the run of this job end then, in this way."""
        run = self.going.pop(name)
        seconds = (at(minutes) - run.claimed).total_seconds()
        assert record(run, Outcome(status=status, ended=at(minutes), seconds=seconds), None)
        return run

    def run(self, minutes: float, status: Status = Status.SUCCEEDED) -> list[str]:
        """One pass, and the ends of all that it started, at once and in this way."""
        started = self.tick(minutes)
        for name in started:
            self.end(name, minutes, status)
        return started


def rows(job: Job | str) -> list[tuple[str, float | None, int, int]]:
    """The logs of a job: status, minutes from the start to the occurrence, attempt, occurrences."""
    logs = Log.objects.filter(job__name=job if isinstance(job, str) else job.name).order_by("pk")
    return [
        (str(log.status), _minutes(log.scheduled_for), log.attempt, log.occurrences) for log in logs
    ]


def next_run(job: Job) -> float | None:
    """Minutes from the start to the job's next run."""
    return _minutes(Job.objects.get(pk=job.pk).next_run)


def _minutes(stored: datetime | None) -> float | None:
    return None if stored is None else (to_instant(stored) - START) / MINUTE
