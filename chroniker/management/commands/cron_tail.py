"""Show what a run prints, as it prints it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from chroniker import write_database
from chroniker.constants import Status
from chroniker.management import times
from chroniker.management.jobs import job_called
from chroniker.models import Job, Log, tail

PAUSE_SECONDS = 0.5
"""Between two looks."""

STREAMS = ("stdout", "stderr")


class Command(BaseCommand):
    """Follows the output of a job's run, wherever that is carried out."""

    help = (
        "Show what the run of a job prints that goes on now, or else its next one, until it ends; "
        "what it printed to stderr comes on stderr. Ctrl-C ends only the watching. Exit status: 0 "
        "if the run succeeded, 1 if it ended otherwise, 2 for a job that does not exist or another "
        "wrong option, 3 if none began within --wait, 130 after Ctrl-C."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", help="id or name of a job")
        parser.add_argument(
            *("-n", "--lines"),
            type=_count,
            default=10,
            metavar="N",
            help="show so many lines of what was printed before (default: 10)",
        )
        parser.add_argument(
            "--wait",
            type=times.duration,
            metavar="LENGTH",
            help="wait so long for a run to begin, such as 15m or 2h (default: for ever)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        job = job_called(options["job"], database)
        try:
            run = self._run_of(job, options["wait"])
            if run is None:
                raise CommandError(f"No run of {job.name} has begun.", returncode=3)
            status = self._follow(run, options["lines"])
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        if status != Status.SUCCEEDED:
            raise SystemExit(1)

    def _run_of(self, job: Job, wait: Any) -> Log | None:
        """The run that goes on, or the next one to begin; None if none does in time."""
        database = job._state.db or "default"
        logs = Log.objects.using(database).filter(job=job.pk)
        newest = logs.order_by("-pk").values_list("pk", flat=True).first() or 0
        end = None if wait is None else time.monotonic() + wait.total_seconds()
        told = False
        for _ in _looks(database):
            runs = logs.carried_out().filter(pk__gt=newest) | logs.running()
            run: Log | None = runs.order_by("-pk").first()
            if run is not None:
                return run
            if end is not None and time.monotonic() >= end:
                return None
            if not told:
                self.stderr.write(f"{job.name} is not running; waiting for its next run.")
                told = True
        return None

    def _follow(self, run: Log, lines: int) -> Status:
        """Print what is new at each look until the run has ended; returns how it did."""
        seen: dict[str, str] = {}
        for _ in _looks(run._state.db or "default"):
            current = _look_at(run)
            has_ended = current.state != Status.RUNNING
            for name in STREAMS:
                text = getattr(current, name)
                text = text if has_ended else tail.whole_lines(text)
                before = seen.get(name)
                new = tail.last_lines(text, lines) if before is None else tail.added(before, text)
                seen[name] = text
                if new:
                    self._print(name, new)
            if has_ended:
                break
        words = f"Run {run.pk} {str(current.state.label).lower()}"
        self.stderr.write(f"{words}: {current.reason}" if current.reason else f"{words}.")
        return current.state

    def _print(self, name: str, text: str) -> None:
        stream = self.stdout if name == "stdout" else self.stderr
        ending = "" if text.endswith("\n") else "\n"
        stream.write(text, style_func=lambda line: line, ending=ending)
        stream.flush()


def _looks(database: str) -> Iterator[None]:
    """One after the other, without a transaction or a connection in between."""
    while True:
        yield
        if not connections[database].in_atomic_block:
            connections[database].close_if_unusable_or_obsolete()
        time.sleep(PAUSE_SECONDS)


def _look_at(run: Log) -> Log:
    try:
        current: Log = Log.objects.using(run._state.db).get(pk=run.pk)
    except Log.DoesNotExist:
        raise CommandError(f"The log of run {run.pk} was deleted.", returncode=1) from None
    return current


def _count(text: str) -> int:
    from argparse import ArgumentTypeError

    if not (text.isascii() and text.isdecimal()):
        raise ArgumentTypeError(f"{text!r} is no number of lines")
    return int(text)
