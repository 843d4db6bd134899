"""A command that shows what a run is told about itself."""

import json
import os
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Print the environment's CHRONIKER_ variables as one line of JSON."""

    help = "Print the run's environment variables."

    def handle(self, **options: Any) -> None:
        """Print them, sorted by name."""
        names = ("CHRONIKER_JOB_ID", "CHRONIKER_RUN_ID", "CHRONIKER_SCHEDULED_FOR")
        told = {name: os.environ.get(name) for name in names}
        told["folder"] = str(os.getcwd())  # noqa: PTH109 - what the process was given
        self.stdout.write(json.dumps(told))
