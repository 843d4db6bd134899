"""Forget how a job went."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import write_database
from chroniker.management.jobs import job_called
from chroniker.models import Job
from chroniker.models.forgetting import forget, has_state


class Command(BaseCommand):
    """Makes jobs such that were never run; their logs stay."""

    help = (
        "Let jobs be such that were never run: no last run, no failure, no retry; the schedule "
        "starts anew from now. Their logs stay. Exit status: 0, also if there was nothing to "
        "forget, 1 if a job is running, 2 for a job that does not exist."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("jobs", nargs="+", metavar="job", help="ids or names of jobs")

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        jobs = [job_called(str(word), database) for word in options["jobs"]]
        running = [job.name for job in jobs if not self._forget(job)]
        if running:
            names = ", ".join(running)
            raise CommandError(f"Running, and left alone; stop them first: {names}", returncode=1)

    def _forget(self, job: Job) -> bool:
        known = has_state(job)
        if not forget(job):
            return False
        self.stdout.write(f"{job.name}: " + ("reset." if known else "there was nothing to forget."))
        return True
