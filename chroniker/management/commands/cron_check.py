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
        "Look whether everything is as it must be. Definitions: the settings, the system checks of "
        "chroniker with those of the database, every job (its command, arguments, schedule and "
        "rules), and what is stored of jobs and hosts that are gone. State: jobs that are running "
        "without a claim or without a run, runs that nobody ended, logs that contradict "
        "themselves, folders and processes of runs that have ended. Changes nothing. Prints a line "
        "for each finding, and nothing if there is none. Exit status: 0, 1 if there are findings, "
        "2 for wrong options."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--state",
            action="store_true",
            help="only jobs, runs and what they left on this host",
        )
        which.add_argument(
            "--definitions", action="store_true", help="only settings and definitions"
        )
        parser.add_argument(
            "--json", action="store_true", help="print the findings as one JSON array"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        found = [] if options["state"] else faulty_definitions(database)
        found += [] if options["definitions"] else lasting_findings(database)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in found], indent=1))
        else:
            for finding in found:
                self.stdout.write(str(finding))
        if found:
            sys.exit(1)


def faulty_definitions(database: str) -> list[Finding]:
    """What is wrong with settings and jobs."""
    from chroniker.dispatch.configtest import check_definitions
    from chroniker.models.database_clock import database_now

    return check_definitions(database, database_now(database))


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
