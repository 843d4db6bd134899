"""A command with an argument of every kind that a parser knows."""

import argparse
import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Print the parsed arguments as one line of JSON."""

    help = "Print arguments of all kinds; <b>not bold</b> & 100% text."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of each."""
        parser.add_argument("place", help="where it happens")
        parser.add_argument("more", nargs="*", help="what else")
        parser.add_argument("--since", type=date.fromisoformat, help="the first day")
        parser.add_argument("--days", type=int, default=7, help="how many, %(default)s if not said")
        parser.add_argument("--ratio", type=float)
        parser.add_argument("--text", "-t", default="none", help="100 %% of it")
        parser.add_argument("--colour", choices=["red", "green"], default="green")
        parser.add_argument("--level", type=int, choices=range(1, 4))
        parser.add_argument("--port", type=int, choices=range(1, 65536))
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--no-mail", action="store_false", dest="mail")
        parser.add_argument("--cache", action=argparse.BooleanOptionalAction, default=True)
        parser.add_argument("-q", "--quiet", action="count", default=0)
        parser.add_argument("--item", action="append", default=[])
        parser.add_argument("--pair", nargs=2, action="append", metavar=("KEY", "VALUE"))
        parser.add_argument("--tags", nargs="+")
        parser.add_argument("--log", nargs="?", const="default.log")
        parser.add_argument("--secret", help=argparse.SUPPRESS)

    def handle(self, **options: Any) -> None:
        """Print them, sorted by name."""
        self.stdout.write(json.dumps(options, sort_keys=True, default=str))
