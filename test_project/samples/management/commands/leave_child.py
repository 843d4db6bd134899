"""A command that leaves a process behind."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Start a process in a session of its own, and end before it does."""

    help = "Start a process that sleeps for a minute, and end once a file is there."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("until", type=Path)

    def handle(self, *, until: Path, **options: Any) -> None:
        """Start it, name its pid, wait for the file, and forget the process."""
        program = [sys.executable, "-c", "import time; time.sleep(60)"]
        self._left = subprocess.Popen(program, start_new_session=True)
        self.stdout.write(str(self._left.pid))
        while not until.exists():
            time.sleep(0.05)
