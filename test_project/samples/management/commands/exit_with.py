"""A command that ends with an exit status of its own."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Leave through SystemExit."""

    help = "Exit with the status given."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the status."""
        parser.add_argument("status", type=int)

    def handle(self, *, status: int, **options: Any) -> None:
        """Leave."""
        self.stdout.write(f"Leaving with status {status}.")
        sys.exit(status)
