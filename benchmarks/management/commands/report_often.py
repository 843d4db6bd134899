"""A command that reports progress far more often than anybody can look."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from chroniker.models import Job


class Command(BaseCommand):
    """Say, as JSON, how long a call of ``update_progress()`` took and what it asked of the SQL."""

    help = "Report progress many times."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many calls."""
        parser.add_argument("calls", type=int)

    def handle(self, *, calls: int, **options: Any) -> None:
        """Call, and print the cost of a call."""
        statements = 0

        def count(execute: Any, *args: Any) -> Any:
            nonlocal statements
            statements += 1
            return execute(*args)

        with connection.execute_wrapper(count):
            began = time.perf_counter()
            for number in range(calls):
                Job.update_progress(total_parts=calls, total_parts_complete=number)
            seconds = time.perf_counter() - began
        answer = {"seconds": seconds, "calls": calls, "statements": statements}
        self.stdout.write(json.dumps(answer))
