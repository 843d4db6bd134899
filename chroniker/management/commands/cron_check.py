"""Look whether everything is as it must be: for people, monitoring and tests."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandParser

from chroniker import write_database

if TYPE_CHECKING:
    from chroniker.dispatch.invariants import Finding

SECOND_LOOK_SECONDS = 3
"""What is only in passing is over by then."""


class Command(BaseCommand):
    """Prints a line for everything that is wrong."""

    help = (
        "Look for what must not be: jobs that are running without a claim or without a run, runs "
        "that nobody ended, logs that contradict themselves, folders and processes of runs that "
        "have ended. Changes nothing. Prints a line for each finding, and nothing if there is "
        "none. Exit status: 0, or 1 if there are findings."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--state",
            action="store_true",
            help="check jobs, runs and what they left on this host (there is nothing else yet)",
        )
        parser.add_argument(
            "--json", action="store_true", help="print the findings as one JSON array"
        )

    def handle(self, *_args: Any, **options: Any) -> None:

        found = lasting_findings(write_database.alias())
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in found], indent=1))
        else:
            for finding in found:
                self.stdout.write(str(finding))
        if found:
            sys.exit(1)


def lasting_findings(database: str) -> list[Finding]:
    """What is wrong with the state of runs, now and still some seconds later."""
    from chroniker.dispatch.invariants import check_state
    from chroniker.models.database_clock import database_now

    found = check_state(database, database_now(database))
    if found:
        time.sleep(SECOND_LOOK_SECONDS)
        again = {_place(finding) for finding in check_state(database, database_now(database))}
        found = [finding for finding in found if _place(finding) in again]
    return found


def _place(finding: Finding) -> tuple[str, str]:
    # Without the text, which can count seconds.
    return finding.invariant, finding.subject
