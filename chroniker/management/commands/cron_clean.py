"""Delete old logs."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker.management.printing import counted
from chroniker.models import Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored

UNITS = ("minutes", "hours", "days", "weeks")


def amount(text: str) -> int:
    """A whole number from 0 up; an argparse type."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


class Command(BaseCommand):
    """Deletes the logs of all jobs that are older than an age."""

    help = "Delete the logs of runs that started so long ago, for instance: cron_clean weeks 4"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("unit", choices=UNITS)
        parser.add_argument("amount", type=amount)

    def handle(self, *_args: Any, **options: Any) -> None:
        now = database_now(Log.objects.all().db)
        try:
            oldest = now - timedelta(**{options["unit"]: int(options["amount"])})
        except OverflowError:
            words = f"{options['amount']} {options['unit']}"
            raise CommandError(f"{words} ago there was no calendar yet.", returncode=2) from None
        deleted = Log.cleanup(to_stored(oldest))
        if options["verbosity"]:
            self.stdout.write(f"Deleted {counted(deleted, 'log')}.")
