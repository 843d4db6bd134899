"""A command that has commands of its own."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Print the parsed arguments as one line of JSON."""

    help = "Do one of two things."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a flag, and a command with its own."""
        parser.add_argument("--slow", action="store_true")
        commands = parser.add_subparsers(dest="what", required=True)
        send = commands.add_parser("send")
        send.add_argument("address")
        send.add_argument("--copy", default="")
        clean = commands.add_parser("clean")
        clean.add_argument("--days", type=int, default=30)

    def handle(self, **options: Any) -> None:
        """Print them, sorted by name."""
        self.stdout.write(json.dumps(options, sort_keys=True, default=str))
