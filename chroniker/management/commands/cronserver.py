"""Tick again and again in one process: for development, containers and service managers."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import write_database
from chroniker.exceptions import Misconfigured, SpoolError

_BANNER = "Runs what is due {when}, until Ctrl-C."


def seconds(text: str) -> float:
    """A positive number of seconds; an argparse type."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 86400:  # noqa: PLR2004 - a day
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds (up to 86400)")
    return value


def _refuse_faulty_settings() -> None:
    from chroniker.dispatch.preflight import refuse_faulty_settings

    try:
        refuse_faulty_settings()
    except (Misconfigured, SpoolError) as error:
        raise CommandError(f"{error}.", returncode=78) from error


class Command(BaseCommand):
    """The scheduler as a server."""

    help = (
        "Run every job that is due, again and again. TERM or Ctrl-C: no new runs; those going on "
        "are asked to end and recorded; a second one ends them at once. HUP: start anew, with "
        "new code, and go on watching the same runs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "seconds", nargs="?", type=seconds, default=60.0, help="between ticks (default: 60)"
        )
        parser.add_argument(
            "--continuous",
            action="store_true",
            help="start each job at the very moment it is due, and see what is changed in the "
            "admin within a second",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        from chroniker.dispatch.supervisor import Supervisor

        every = float(options["seconds"])
        continuous = bool(options["continuous"])
        if options["verbosity"]:
            when = "at its time" if continuous else f"every {every:g} seconds"
            self.stdout.write(_BANNER.format(when=when))
            self.stdout.flush()

        def tell(sentence: str) -> None:
            if options["verbosity"]:
                self.stdout.write(f"{datetime.now().astimezone():%H:%M:%S} {sentence}")
                self.stdout.flush()

        database = write_database.alias()
        _refuse_faulty_settings()
        Supervisor(database, tell=tell).serve(every, continuous=continuous)
        tell("Stopped.")
