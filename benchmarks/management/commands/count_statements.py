"""One ``cron``, and how many SQL statements all of its processes send."""

import os
import tempfile
from collections import Counter
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    """Count by first word, with one byte string per statement in a file that forks share."""

    help = "Run `cron` and print its SQL statements by kind."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        """Run, count, print."""
        with tempfile.TemporaryFile() as file:

            def note(execute: Any, sql: str, *args: Any) -> Any:
                os.write(file.fileno(), sql.split(None, 1)[0].upper().encode() + b"\n")
                return execute(sql, *args)

            with connection.execute_wrapper(note):
                call_command("cron")
            file.seek(0)
            kinds = Counter(file.read().decode().split())
        total = sum(kinds.values())
        self.stdout.write(" ".join([str(total), *(f"{k}={n}" for k, n in kinds.most_common())]))
