"""Run past dates of jobs."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import settings, write_database
from chroniker.exceptions import CannotBackfill
from chroniker.management.jobs import job_called
from chroniker.management.printing import counted
from chroniker.management.times import in_words, last_moment, moment
from chroniker.models import Backfill, Job
from chroniker.models.backfill import Which
from chroniker.models.backfill_orders import give_order
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored

SHOWN = 20
"""So many dates of an order are named with --dry-run; the rest is counted."""


class Command(BaseCommand):
    """Orders runs of past dates; the ticks carry them out, one date of a job at a time."""

    help = (
        "Order runs of the past dates of a job's schedule, oldest first, each with its own date. "
        "The ticks of cron carry the order out; it stops at the first date whose run does not "
        "succeed, and --resume goes on with that date. The schedule itself stays as it is. "
        "Exit status: 0, or 2 for wrong options or dates that cannot be run."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", nargs="?", help="id or name of a job")
        parser.add_argument("--all-jobs", action="store_true", help="all enabled jobs")
        parser.add_argument(
            "--from", "--since", dest="since", type=moment, metavar="D", help="the first date"
        )
        parser.add_argument(
            "--to", dest="until", metavar="D", help="the last date, included (default: now)"
        )
        which = parser.add_mutually_exclusive_group()
        for choice in Which:
            which.add_argument(
                f"--{choice.value}",
                dest="which",
                action="store_const",
                const=choice,
                help=f"{str(choice.label).lower()}{_default(choice)}",
            )
        parser.add_argument("--dry-run", action="store_true", help="only print the dates")
        parser.add_argument("--list", action="store_true", help="print the unfinished orders")
        parser.add_argument("--stop", type=int, metavar="ID", help="stop this order")
        parser.add_argument("--resume", type=int, metavar="ID", help="go on with a stopped order")

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        wanted = [name for name in _WAYS if options[name] not in (None, False)]
        if len(wanted) != 1:
            raise CommandError(
                "Name a job, or give one of --all-jobs, --list, --stop and --resume.",
                returncode=2,
            )
        if options["list"]:
            self._list(database)
        elif options["stop"] is not None:
            self._stop(database, options["stop"])
        elif options["resume"] is not None:
            self._resume(database, options["resume"])
        else:
            self._order(database, options)

    def _order(self, database: str, options: dict[str, Any]) -> None:
        if options["since"] is None:
            raise CommandError("--from: say from which date on.", returncode=2)
        now = database_now(database)
        jobs: Iterable[Job]
        if options["all_jobs"]:
            jobs = Job.objects.using(database).of_enabled().order_by("name", "pk")
        else:
            jobs = [job_called(options["job"], database)]
        for job in jobs:
            try:
                order, dates = give_order(
                    job,
                    options["since"],
                    _last(options["until"], now),
                    which=options["which"] or Which.MISSING,
                    by=settings.user(),
                    now=now,
                    dry_run=options["dry_run"],
                )
            except CannotBackfill as error:
                if not options["all_jobs"]:
                    raise CommandError(f"{error}.", returncode=2) from error
                self.stdout.write(f"Left out: {error}.")
            else:
                self._tell(order, dates, dry_run=options["dry_run"])

    def _tell(self, order: Backfill, dates: list[datetime], *, dry_run: bool) -> None:
        name, count = order.job.name, len(dates)
        dates_in_words = counted(count, "date")
        if not dates:
            self.stdout.write(f"{name}: there is no such date to run.")
        elif not dry_run:
            self.stdout.write(f"{name}: order {order.pk} for {dates_in_words}.")
        else:
            self.stdout.write(f"{name}: {dates_in_words} would be run:")
            for date in dates[:SHOWN]:
                self.stdout.write(f"  {in_words(date)}")
            if count > SHOWN:
                self.stdout.write(f"  and {count - SHOWN} more")

    def _list(self, database: str) -> None:
        orders = Backfill.objects.using(database).unfinished().select_related("job")
        for order in orders.order_by("pk"):
            self.stdout.write(f"{order.pk} {order}: {order.done} of {order.total} dates done")
        if not orders:
            self.stdout.write("There is no unfinished order.")

    def _stop(self, database: str, pk: int) -> None:
        orders = Backfill.objects.using(database).filter(pk=pk)
        now = to_stored(database_now(database))
        if orders.unfinished().update(ended_at=now, reason=f"stopped by {settings.user()}"):
            self.stdout.write(f"Stopped order {pk}; the date that runs now goes on to its end.")
        else:
            raise CommandError(f"--stop: there is no unfinished order {pk}.", returncode=2)

    def _resume(self, database: str, pk: int) -> None:
        orders = Backfill.objects.using(database).filter(pk=pk, ended_at__isnull=False)
        if orders.update(ended_at=None, reason=""):
            self.stdout.write(f"Order {pk} goes on where it was.")
        else:
            raise CommandError(f"--resume: there is no ended order {pk}.", returncode=2)


_WAYS = ("job", "all_jobs", "list", "stop", "resume")


def _default(choice: Which) -> str:
    return " (default)" if choice is Which.MISSING else ""


def _last(text: str | None, now: datetime) -> datetime:
    try:
        return now if text is None else last_moment(text)
    except ArgumentTypeError as error:
        raise CommandError(f"--to: {error}.", returncode=2) from error
