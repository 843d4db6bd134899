"""A command that shows what a run is told about itself."""

import json
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Print the environment's CHRONIKER_ variables as one line of JSON."""

    help = "Print the run's environment variables."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the names of more variables."""
        parser.add_argument("names", nargs="*", help="variables to print as well")

    def handle(self, *, names: list[str], **options: Any) -> None:
        """Print them."""
        own = ("JOB_ID", "RUN_ID", "SCHEDULED_FOR", "BACKFILL")
        told = {
            name: os.environ.get(name) for name in (*(f"CHRONIKER_{one}" for one in own), *names)
        }
        told["folder"] = str(os.getcwd())  # noqa: PTH109 - what the process was given
        self.stdout.write(json.dumps(told))
