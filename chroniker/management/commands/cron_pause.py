"""Let nothing new start for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import settings, wording, write_database
from chroniker.management import times
from chroniker.management.jobs import job_called
from chroniker.models import Job, Pause, Pauses
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored


class Command(BaseCommand):
    """Pauses one job, the jobs that a pattern matches, or all."""

    help = (
        "Let nothing new start: of one job, of all jobs that a pattern matches, or at all. What is "
        "running goes on, and so do the schedules; what was missed is then handled as each job "
        "says. Prints the pause's id, with which cron_resume ends it. Exit status: 0, or 2 for "
        "wrong options, such as a job that does not exist or a pattern that takes too long."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--job", metavar="ID_OR_NAME", help="only this job")
        which.add_argument(
            "--match",
            metavar="REGEX",
            help="only jobs whose name or command line this regular expression is found in",
        )
        end = parser.add_mutually_exclusive_group()
        end.add_argument(
            "--for",
            dest="length",
            type=times.duration,
            metavar="LENGTH",
            help="for so long: 90s, 15m, 2h, 1d, 1w, 1h30m (default: until cron_resume)",
        )
        end.add_argument(
            "--until",
            type=times.moment,
            metavar="DATE",
            help="until then: 2030-12-31 or 2030-12-31T18:00, on the project's clock",
        )
        parser.add_argument("--reason", default="", help="why, for those who wonder")

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        now = database_now(database)
        pause = Pause(reason=options["reason"], starts_at=to_stored(now))
        if options["job"] is not None:
            pause.job = job_called(options["job"], database, option="--job")
        if options["match"] is not None:
            pause.pattern = _pattern(options["match"])
        pause.ends_at = to_stored(_end(now, options))
        try:
            pause.begin(settings.user(), using=database)
        except ValidationError as error:
            raise CommandError(" ".join(wording.faults(error, _OPTIONS)), returncode=2) from error
        self.stdout.write(f"{_told(pause, database)}.")


def _pattern(text: str) -> str:
    if not text:
        # Else a variable that is not set in somebody's script would pause everything.
        raise CommandError("--match: this is empty; leave it out to pause all jobs.", returncode=2)
    return text


def _end(now: datetime, options: dict[str, Any]) -> datetime | None:
    if options["length"] is None:
        until: datetime | None = options["until"]
        return until
    end = times.later(now, options["length"])
    if end is None:
        raise CommandError("--for: this ends after the last year of the calendar.", returncode=2)
    return end


_OPTIONS = {"job": "--job", "pattern": "--match", "ends_at": "--until", "reason": "--reason"}


def _told(pause: Pause, database: str) -> str:
    what = pause.what()
    if pause.pattern:
        jobs = list(Job.objects.using(database))
        one = Pauses([pause], jobs)
        what += f" ({sum(one.holding(job) is not None for job in jobs)} now)"
    until = "until cron_resume"
    if pause.ends_at is not None:
        until = f"until {times.in_words(to_instant(pause.ends_at))}"
    return f"Pause {pause.pk}: {what}, {until}"
