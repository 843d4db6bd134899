"""List the jobs with their states."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chroniker import write_database
from chroniker.management import printing
from chroniker.management.jobs import job_called
from chroniker.management.outlines import outline
from chroniker.models import Job, JobQuerySet
from chroniker.models.database_clock import database_now
from chroniker.models.listing import Listed, listed

STATES = (
    *("running", "succeeded", "failed", "timed_out", "stopped", "lost"),
    *("waiting", "late", "paused", "disabled", "idle"),
)


class Command(BaseCommand):
    """A table of jobs."""

    help = (
        "List the jobs: what each is doing, its schedule, when it ran last and runs next, and how "
        "many of its last runs ended badly in a row. Exit status: 0, or 2 for wrong options, such "
        "as a job that does not exist."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("jobs", nargs="*", metavar="job", help="only these: ids or names")
        parser.add_argument("--group", metavar="NAME", help="only jobs of this group")
        parser.add_argument("--host", metavar="NAME", help="only jobs that may run on this host")
        parser.add_argument(
            "--state", choices=STATES, action="append", help="only in this state; may be repeated"
        )
        parser.add_argument(
            "--wide", action="store_true", help="cut nothing to the width of the terminal"
        )
        parser.add_argument("--json", action="store_true", help="print the jobs as a JSON array")

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        now = database_now(database)
        found = listed(_wanted(database, options), now)
        if options["state"]:
            found = [one for one in found if one.state.kind in options["state"]]
        if options["json"]:
            self.stdout.write(printing.as_json([outline(one) for one in found]))
        elif found:
            self._print(found, now, wide=options["wide"])
        else:
            self.stdout.write("There is no such job.")

    def _print(self, found: list[Listed], now: datetime, *, wide: bool) -> None:
        width = 10_000 if wide else printing.width_of(self.stdout)
        rows = [_cells(one, now) for one in found]
        head, *lines = printing.table(_HEAD, rows, give_way=1, width=width).splitlines()
        self.stdout.write(self.style.MIGRATE_HEADING(head))
        indent = head.index("NAME")
        for one, line in zip(found, lines, strict=True):
            self.stdout.write(line)
            schedule = printing.cut(one.schedule, width - indent)
            self.stdout.write(" " * indent + schedule)


_HEAD = ("ID", "NAME", "STATE", "LAST", "NEXT", "ERRORS")


def _cells(one: Listed, now: datetime) -> tuple[str, ...]:
    return (
        str(one.job.pk),
        printing.one_line(one.job.name),
        printing.one_line(str(one.state.words)),
        printing.ago(one.last_run, now),
        printing.ahead(one.next_run, now),
        str(one.errors or printing.NOTHING),
    )


def _wanted(database: str, options: dict[str, Any]) -> JobQuerySet:
    jobs: JobQuerySet = Job.objects.using(database).all()
    if options["jobs"]:
        jobs = jobs.filter(pk__in=[job_called(word, database).pk for word in options["jobs"]])
    if options["group"] is not None:
        jobs = jobs.filter(group=options["group"])
    if options["host"] is not None:
        jobs = jobs.for_host(options["host"])
    return jobs
