"""Say what will run."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import wording, write_database
from chroniker.management import printing, times
from chroniker.management.jobs import job_called
from chroniker.models.database_clock import database_now
from chroniker.moments import iso

A_DAY = timedelta(days=1)

SHOWN = 50


class Command(BaseCommand):
    """The runs to come, as schedulers would start them."""

    help = (
        "Say what will run, in order: worked out with the conditions by which cron decides "
        "(schedules, dependencies, pauses, keys, capacity), with what runs and waits now, and with "
        "runs that take as long as they usually do. Jitter is left out. Changes nothing. Exit "
        "status: 0, 1 if nothing will run then, 2 for wrong options."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="start",
            type=times.moment,
            metavar="D",
            help="from when on: 2030-12-31 or 2030-12-31T18:00, on the project's clock (default: "
            "now)",
        )
        parser.add_argument(
            "--to", dest="end", metavar="D", help="until when (default: a day later)"
        )
        parser.add_argument(
            "--job", action="append", metavar="ID_OR_NAME", help="only this; may be repeated"
        )
        parser.add_argument(
            *("-n", "--limit"),
            type=_count,
            default=SHOWN,
            metavar="N",
            help=f"so many runs at most (default: {SHOWN})",
        )
        parser.add_argument("--json", action="store_true", help="print the runs as a JSON array")

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        now = database_now(database)
        start, end = _span(options, now)
        wanted = {job_called(word, database, option="--job").pk for word in options["job"] or ()}
        runs: list[Any] = []
        there_are_more = False
        for run in _runs(database, now, start, end):
            if wanted and run.job_id not in wanted:
                continue
            if len(runs) == options["limit"]:
                there_are_more = True
                break
            runs.append(run)
        if options["json"]:
            self.stdout.write(printing.as_json([_as_data(run) for run in runs]))
        else:
            self._print(runs, now, there_are_more=there_are_more)
        if not runs:
            raise SystemExit(1)

    def _print(self, runs: list[Any], now: datetime, *, there_are_more: bool) -> None:
        if not runs:
            self.stdout.write("Nothing will run.")
            return
        rows = [_cells(run, now) for run in runs]
        width = printing.width_of(self.stdout)
        head, *lines = printing.table(_HEAD, rows, give_way=3, width=width).splitlines()
        self.stdout.write(self.style.MIGRATE_HEADING(head))
        for line in lines:
            self.stdout.write(line)
        if there_are_more:
            self.stdout.write(f"and more; -n shows more than {len(runs)}.")


_HEAD = ("STARTS", "", "ID", "NAME", "TAKES")


def _cells(run: Any, now: datetime) -> tuple[str, ...]:
    return (
        times.in_words(run.starts),
        printing.ahead(run.starts, now),
        str(run.job_id),
        printing.one_line(run.job_name),
        printing.one_line(wording.duration(run.ends - run.starts)),
    )


def _as_data(run: Any) -> dict[str, Any]:
    return {
        "job": run.job_id,
        "name": run.job_name,
        "starts": iso(run.starts),
        "ends": iso(run.ends),
        "scheduled_for": iso(run.scheduled_for),
        "trigger": run.trigger,
        "host": run.hostname,
    }


def _runs(database: str, now: datetime, start: datetime, end: datetime) -> Iterator[Any]:
    from chroniker.dispatch.prospect import runs_between

    return runs_between(database, now, start, end)


def _span(options: dict[str, Any], now: datetime) -> tuple[datetime, datetime]:
    start: datetime = options["start"] or now
    # A date without a time, such as today's, begins before now.
    start = now if start <= now < start + A_DAY else start
    if start < now:
        raise CommandError("--from: this is past.", returncode=2)
    try:
        end = times.last_moment(options["end"]) if options["end"] else start + A_DAY
    except ArgumentTypeError as error:
        raise CommandError(f"--to: {error}.", returncode=2) from error
    except OverflowError:
        raise CommandError("--from: a day later the calendar has ended.", returncode=2) from None
    if end <= start:
        raise CommandError("--to: this is not after --from.", returncode=2)
    return start, end


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not int(text):
        raise ArgumentTypeError(f"{text!r} is no number of runs")
    return int(text)
