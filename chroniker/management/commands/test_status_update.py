"""Show progress, for trying out how it looks."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chroniker.models import Job


class Command(BaseCommand):
    """Counts up once a second."""

    help = "Report progress once a second; run it as a job and look at it in the admin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("args", nargs="*", help="ignored")
        parser.add_argument("--seconds", type=int, default=60, help="how long (default: 60)")

    def handle(self, *_args: Any, **options: Any) -> None:
        total = int(options["seconds"])
        for done in range(1, total + 1):
            time.sleep(1)
            Job.update_progress(total_parts=total, total_parts_complete=done)
            self.stdout.write(f"{done} of {total}")
