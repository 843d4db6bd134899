"""A command that says how far it is."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chroniker import track
from chroniker.models import Job


class Command(BaseCommand):
    """Count to a number, slowly, reporting each step in one of the two ways there are."""

    help = "Report progress while counting."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how far to count, how slowly, and which way to report."""
        parser.add_argument("total", type=int)
        parser.add_argument("--pause", type=float, default=0.0, help="seconds for each step")
        parser.add_argument("--track", action="store_true", help="let track() do the counting")

    def handle(self, *, total: int, pause: float, track: bool, **options: Any) -> None:
        """Count."""
        if track:
            self._count_by_track(total, pause)
        else:
            self._count_by_hand(total, pause)
        self.stdout.write(f"Counted to {total}.")

    def _count_by_track(self, total: int, pause: float) -> None:
        for _ in track(range(total)):
            time.sleep(pause)

    def _count_by_hand(self, total: int, pause: float) -> None:
        for complete in range(1, total + 1):
            time.sleep(pause)
            Job.update_progress(total_parts=total, total_parts_complete=complete)
