"""A command that closes what it does not need, as daemons do."""

import os
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Print the pid, close the standard input and sleep."""

    help = "Close the standard input and sleep for some seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the time."""
        parser.add_argument("seconds", type=float)

    def handle(self, *, seconds: float, **options: Any) -> None:
        """Do it, and say who does."""
        os.close(0)
        self.stdout.write(str(os.getpid()))
        time.sleep(seconds)
