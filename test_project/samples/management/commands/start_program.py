"""A command that starts a program of its own."""

import subprocess
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

PROGRAM = "import sys, time; print('Said by the program.', flush=True); time.sleep({seconds})"


class Command(BaseCommand):
    """Start another Python, whose output goes wherever this process' output goes."""

    help = "Start a program that prints a line."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how long it lives, and whether to leave it behind."""
        parser.add_argument("--seconds", type=float, default=0)
        parser.add_argument("--leave", action="store_true", help="do not wait for it")

    def handle(self, *, seconds: float, leave: bool, **options: Any) -> None:
        """Start it, name its pid, and wait unless told to leave it."""
        code = PROGRAM.format(seconds=seconds)
        program = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL)
        self.stdout.write(f"pid {program.pid}")
        if not leave:
            program.wait()
