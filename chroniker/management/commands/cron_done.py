"""Mark jobs as run."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from chroniker import settings, write_database
from chroniker.exceptions import InvalidSchedule
from chroniker.management import times
from chroniker.management.jobs import job_called
from chroniker.models import Job
from chroniker.models.database_clock import database_now
from chroniker.models.done import mark_done
from chroniker.moments import to_instant


class Command(BaseCommand):
    """Lets jobs be such that ran and succeeded."""

    help = (
        "Mark jobs as run and succeeded without running them: for what was done by hand or "
        "elsewhere, and to seed a new installation. Leaves a log that says so; a next run that was "
        "not later than that moves on, and jobs that wait for them may start. Exit status: 0, 1 if "
        "a job is running and was left alone, 2 for a job that does not exist or a wrong date."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("jobs", nargs="+", metavar="job", help="ids or names of jobs")
        parser.add_argument(
            "--at",
            type=times.moment,
            metavar="D",
            help="when they ran: 2030-12-31 or 2030-12-31T18:00, on the project's clock, not later "
            "than now (default: now); what came due since then is still to be run",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        now = database_now(database)
        at = options["at"] or now
        if at > now:
            raise CommandError("--at: this date is still to come.", returncode=2)
        jobs = [job_called(str(word), database) for word in options["jobs"]]
        left = [job.name for job in jobs if not self._mark(job, at, now)]
        if left:
            names = ", ".join(left)
            raise CommandError(f"Running, and left alone: {names}", returncode=1)

    def _mark(self, job: Job, at: Any, now: Any) -> bool:
        try:
            logs = mark_done(job, at, by=settings.user(), now=now)
        except InvalidSchedule as error:
            raise CommandError(f"{job.name}: {error}", returncode=2) from error
        except IntegrityError:
            # Somebody else has accounted for that very occurrence meanwhile.
            logs = None
        if logs is None:
            return False
        job.refresh_from_db()
        coming = to_instant(job.next_run)
        then = f"next run {times.in_words(coming)}" if coming else "no next run"
        self.stdout.write(f"{job.name}: marked as done at {times.in_words(at)}; {then}.")
        return True
