"""Run jobs by id, now, and show what they print."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import router

from chroniker.constants import Status
from chroniker.exceptions import HeldInstallation
from chroniker.management.commands.cron import job_id


class Command(BaseCommand):
    """Runs each job in order, whatever its schedule says."""

    help = (
        "Run these jobs now, one after the other, in this process; neither schedule nor "
        "dependencies are asked, and the schedule stays as it is. A job that is running already "
        "is not run again. Exit status: 0 if all succeeded, 1 if one did not, 2 for an unknown "
        "id, 3 if none failed but one was running already, 77 if the tables belong to another "
        "installation."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("args", nargs="*", metavar="id", help="ids of jobs")
        parser.add_argument(
            "--update_heartbeat", type=int, default=1, help="0: no heartbeat (default: 1)"
        )

        parser.add_argument(
            "--anyway",
            action="store_true",
            help="even if the tables belong to another installation (see cron_adopt)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        failed, busy = [], []
        for job in _jobs_of([str(arg) for arg in args]):
            succeeded = self._run(
                job, heartbeat=bool(options["update_heartbeat"]), anyway=bool(options["anyway"])
            )
            if succeeded is None:
                self.stderr.write(f"{job.name}: is running already")
                busy.append(job.name)
            elif not succeeded:
                failed.append(job.name)
        if failed:
            raise CommandError(f"Did not succeed: {', '.join(failed)}")
        if busy:
            raise CommandError(f"Running already: {', '.join(busy)}", returncode=3)

    def _run(self, job: Any, *, heartbeat: bool, anyway: bool) -> bool | None:
        """Whether it succeeded; None if it was not run, as it is running."""
        from chroniker.dispatch.direct import run_here

        try:
            outcome = run_here(
                job,
                check_running=True,
                force_run=True,
                update_heartbeat=heartbeat,
                anyway=anyway,
            )
        except HeldInstallation as held:
            message = f"{job.name} is not run: {held}; --anyway runs it once."
            raise CommandError(message, returncode=77) from held
        return None if outcome is None else outcome.status == Status.SUCCEEDED


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
