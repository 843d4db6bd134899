"""A command whose parser does what parsers should not do."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


def _leave(text: str) -> str:
    if text.isdecimal():
        sys.exit(int(text))
    raise RuntimeError(f"cannot take {text}")


class Command(BaseCommand):
    """Take arguments that end the process, raise errors and open files."""

    help = "Take odd arguments."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take them."""
        parser.fromfile_prefix_chars = "@"
        parser.add_argument("--leave", type=_leave)
        parser.add_argument("--into", type=argparse.FileType("w"))

    def handle(self, **options: Any) -> None:
        """Do nothing."""
