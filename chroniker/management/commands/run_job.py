"""Run jobs by id, now, and show what they print."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import router

from chroniker.constants import Status
from chroniker.management.commands.cron import job_id


class Command(BaseCommand):
    """Runs each job in order, whatever its schedule says."""

    help = (
        "Run these jobs now, one after the other, in this process; neither schedule nor "
        "dependencies are asked, and the schedule stays as it is. A job that is running already "
        "is not run again. Exit status: 0 if all succeeded, 1 if not, 2 for an unknown id."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("args", nargs="*", metavar="id", help="ids of jobs")
        parser.add_argument(
            "--update_heartbeat", type=int, default=1, help="0: no heartbeat (default: 1)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        failed = [
            job.name
            for job in _jobs_of([str(arg) for arg in args])
            if not self._run(job, heartbeat=bool(options["update_heartbeat"]))
        ]
        if failed:
            raise CommandError(f"Did not succeed: {', '.join(failed)}")

    def _run(self, job: Any, *, heartbeat: bool) -> bool:
        from chroniker.dispatch.direct import run_here

        outcome = run_here(job, check_running=True, force_run=True, update_heartbeat=heartbeat)
        if outcome is None:
            self.stderr.write(f"{job.name}: is running already")
            return False
        return outcome.status == Status.SUCCEEDED


def _jobs_of(words: list[str]) -> list[Any]:
    from chroniker.models import Job

    try:
        ids = [job_id(word) for word in words]
    except ArgumentTypeError as error:
        raise CommandError(f"{error}.", returncode=2) from error
    jobs = {job.pk: job for job in Job.objects.using(router.db_for_write(Job)).filter(pk__in=ids)}
    unknown = [str(one) for one in ids if one not in jobs]
    if unknown:
        raise CommandError(f"There is no job {', '.join(unknown)}.", returncode=2)
    return [jobs[one] for one in ids]
