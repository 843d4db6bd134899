"""End pauses before their time."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import write_database
from chroniker.management.jobs import job_called
from chroniker.models import Job, Pause, Pauses
from chroniker.models.database_clock import database_now
from chroniker.models.pause import PauseQuerySet


class Command(BaseCommand):
    """Ends the pauses that are named, or all."""

    help = (
        "End pauses: those with these ids, the one of a job, those with a pattern, or all, also "
        "those that have not begun yet. Prints what it ended. Exit status: 0, also if there was "
        "nothing to end, or 2 for wrong options, such as a job that does not exist."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, metavar="id", help="ids of pauses")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--job", metavar="ID_OR_NAME", help="the pauses of this job")
        which.add_argument("--match", metavar="REGEX", help="the pauses with this very pattern")
        which.add_argument("--all", action="store_true", help="all pauses")

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        now = database_now(database)
        pauses = Pause.objects.using(database).not_over(now)
        if sum(options[one] not in (None, False, []) for one in _WAYS) != 1:
            raise CommandError(_which(pauses), returncode=2)
        job = None
        if options["job"] is not None:
            job = job_called(options["job"], database, option="--job")
            pauses = pauses.filter(job=job)
        ended = _chosen(pauses, options).end(now)
        for pause in ended:
            self.stdout.write(f"Ended pause {pause.pk}: {pause}.")
        if not ended:
            self.stdout.write("There was no such pause to end.")
        if job is not None:
            self._tell_of_others(job, Pauses.read(database, now))

    def _tell_of_others(self, job: Job, others: Pauses) -> None:
        held = others.holding(job)
        if held is not None:
            mend = f"to end that: cron_resume {held.pause_id}"
            self.stdout.write(f"{job.name} is still held: {held.reason} ({mend}).")


_WAYS = ("ids", "job", "match", "all")


def _chosen(pauses: PauseQuerySet, options: dict[str, Any]) -> PauseQuerySet:
    if options["ids"]:
        return pauses.filter(pk__in=options["ids"])
    if options["match"] is None:
        return pauses
    if not options["match"]:
        raise CommandError("--match: this is empty; use --all or an id.", returncode=2)
    return pauses.filter(pattern=options["match"], job=None)


def _which(pauses: PauseQuerySet) -> str:
    """That one way to say which has to be chosen, and which there are."""
    there_are = ", ".join(f"{pause.pk} ({pause})" for pause in pauses.select_related("job"))
    return (
        "Say which pauses to end: by their ids, or with one of --job, --match and --all. "
        f"There are: {there_are or 'none'}."
    )
