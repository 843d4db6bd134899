"""A command that prints numbered lines as fast as it can."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Print numbered lines, so that a lost or a displaced one is noticed."""

    help = "Print many numbered lines."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many."""
        parser.add_argument("count", type=int)

    def handle(self, *, count: int, **options: Any) -> None:
        """Print the lines, counting from 1."""
        for number in range(1, count + 1):
            print(number)  # noqa: T201 - what a job's own code does
