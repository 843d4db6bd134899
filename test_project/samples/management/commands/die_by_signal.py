"""A command that does not get to its end."""

import os
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Send a signal to the own process."""

    help = "End by a signal."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the signal's name."""
        parser.add_argument("name", nargs="?", default="SIGKILL", help="for instance SIGSEGV")

    def handle(self, *, name: str, **options: Any) -> None:
        """Print a line, then go."""
        self.stdout.write(f"Going by {name}.")
        os.kill(os.getpid(), signal.Signals[name])
