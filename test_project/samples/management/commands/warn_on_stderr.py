"""A command that ends well, but not without a word on standard error."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Write to both streams and return normally."""

    help = "Print a line on each stream."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the warning's text."""
        parser.add_argument("message", nargs="?", default="Something wants your attention.")

    def handle(self, *, message: str, **options: Any) -> None:
        """Print."""
        self.stdout.write("Done.")
        self.stderr.write(message)
