"""A command that takes its time."""

import signal
import sys
import time
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Sleep, and say when it starts and ends."""

    help = "Sleep for some seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the time, and what to do on SIGTERM."""
        parser.add_argument("seconds", type=float)
        parser.add_argument("--stubborn", action="store_true", help="do not end on SIGTERM")
        parser.add_argument("--tidy", action="store_true", help="tidy up on SIGTERM, end with 0")

    def handle(self, *, seconds: float, stubborn: bool, tidy: bool, **options: Any) -> None:
        """Sleep."""
        if stubborn:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if tidy:
            signal.signal(signal.SIGTERM, self._tidy_up)
        self.stdout.write(f"Sleeping for {seconds:g} seconds.")
        time.sleep(seconds)
        self.stdout.write("Awake.")

    def _tidy_up(self, *_: object) -> NoReturn:
        self.stdout.write("Tidied up.")
        sys.exit(0)
