"""A command with much to say."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Print numbered lines, so that a lost or a displaced one is noticed."""

    help = "Print many numbered lines."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many, and how wide."""
        parser.add_argument("count", type=int)
        parser.add_argument("--width", type=int, default=0, help="fill lines with dots up to this")
        parser.add_argument("--stderr", action="store_true", help="print there as well")

    def handle(self, *, count: int, width: int, stderr: bool, **options: Any) -> None:
        """Print the lines, counting from 1."""
        for number in range(1, count + 1):
            line = f"line {number}".ljust(width, ".")
            print(line)
            if stderr:
                print(line, file=sys.stderr)
