"""A command that leaves a trace in a file."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Append one line to a file, so that a test can count how often it ran."""

    help = "Append a line to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file and the line."""
        parser.add_argument("path", type=Path)
        parser.add_argument("line", nargs="?", default="{pid}")

    def handle(self, *, path: Path, line: str, **options: Any) -> None:
        """Append in one write, which a neighbour's write cannot split."""
        with path.open("a") as file:
            file.write(line.replace("{pid}", str(os.getpid())) + "\n")
