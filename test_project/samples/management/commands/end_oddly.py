"""A command that ends in a way of its own."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Say something, and end without returning."""

    help = "Print a line and end in one of several odd ways."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the way, and a number for it."""
        parser.add_argument("way", choices=["exit", "exec", "close", "text"])
        parser.add_argument("status", type=int)

    def handle(self, *, way: str, status: int, **options: Any) -> None:
        """Do it."""
        self.stdout.write("before")
        if way == "exit":
            os._exit(status)
        if way == "text":
            sys.exit("an error in words")
        if way == "exec":
            code = f"import sys; print('after', flush=True); sys.exit({status})"
            os.execv(sys.executable, [sys.executable, "-c", code])  # noqa: S606
        os.closerange(0, 256)
        sys.exit(status)
