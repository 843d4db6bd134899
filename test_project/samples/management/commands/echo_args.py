"""A command that shows what its parser understood."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Print the parsed arguments as one line of JSON."""

    help = "Print the arguments as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one argument of each common kind."""
        parser.add_argument("words", nargs="*")
        parser.add_argument("--number", type=int, default=0)
        parser.add_argument("--ratio", type=float, default=0.0)
        parser.add_argument("--text", default="")
        parser.add_argument("--flag", action="store_true")
        parser.add_argument("--colour", choices=["red", "green"], default="green")
        parser.add_argument("--item", action="append", default=[])

    def handle(self, **options: Any) -> None:
        """Print them, sorted by name."""
        names = ("words", "number", "ratio", "text", "flag", "colour", "item", "verbosity")
        self.stdout.write(json.dumps({name: options[name] for name in sorted(names)}))
