"""Ask a run to end."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import settings, write_database
from chroniker.constants import LONGEST_USERNAME
from chroniker.management import times
from chroniker.management.jobs import job_called
from chroniker.models import Job, Log, claims

PAUSE_SECONDS = 0.5
"""Between two looks at whether it has ended."""


class Command(BaseCommand):
    """Leaves a request; whoever watches the run ends it."""

    help = (
        "Ask the runs of these jobs to end that go on now, on whichever host: their processes get "
        "TERM, and KILL after CHRONIKER_KILL_GRACE_SECONDS. With --wait, waits until they have "
        "ended. Exit status: 0 if it was asked (with --wait: if they have ended), 1 if a job was "
        "not running, 2 for a job that does not exist, 3 if a run still goes on after --wait."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("jobs", nargs="+", metavar="job", help="ids or names of jobs")
        parser.add_argument(
            "--wait",
            type=times.duration,
            metavar="LENGTH",
            help="wait until they have ended, at most so long, such as 90s or 5m",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        jobs = [job_called(str(word), database) for word in options["jobs"]]
        asked: list[Job] = []
        idle: list[Job] = []
        runs: list[int] = []
        for job in jobs:
            going_on = Log.objects.using(database).running().filter(job=job.pk)
            runs += going_on.values_list("pk", flat=True)
            stopped = claims.request_stop(database, [job.pk], settings.user()[:LONGEST_USERNAME])
            (asked if stopped else idle).append(job)
        for job in asked:
            self.stdout.write(f"{job.name}: asked to end.")
        if asked and options["wait"] is not None:
            self._wait(database, runs, options["wait"].total_seconds())
        if idle:
            raise CommandError(f"Not running: {_names(idle)}.", returncode=1)

    def _wait(self, database: str, runs: list[int], seconds: float) -> None:
        """Return once these runs have ended, and say how."""
        end = time.monotonic() + seconds
        logs = Log.objects.using(database).filter(pk__in=runs).select_related("job")
        while going_on := list(logs.running()):
            if time.monotonic() >= end:
                names = _names([log.job for log in going_on])
                raise CommandError(f"Still running: {names}.", returncode=3)
            time.sleep(PAUSE_SECONDS)
        for log in logs.order_by("pk"):
            reason = f": {log.reason}" if log.reason else ""
            self.stdout.write(f"{log.job.name}: {str(log.state.label).lower()}{reason}")


def _names(jobs: list[Job]) -> str:
    return ", ".join(job.name for job in jobs)
