"""A command that needs memory."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Take it, and say how much it was."""

    help = "Take so many megabytes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many."""
        parser.add_argument("megabytes", type=int)

    def handle(self, *, megabytes: int, **options: Any) -> None:
        """Hold them for a moment."""
        held = bytearray(megabytes * 1024 * 1024)
        self.stdout.write(f"Took {len(held):,} bytes.")
