"""Say how things are: for people, for programs, and for Nagios."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import write_database
from chroniker.models.database_clock import database_now
from chroniker.models.hiccups import HICCUPS


class Command(BaseCommand):
    """What is late, running, failing, stuck or held, who ticks, and what is paused."""

    help = (
        "Say how the scheduler and its jobs are. Exit status: 0 if all is well, 1 if something "
        "needs attention, 2 for wrong options, 75 if the database does not answer. With --nagios: "
        "0 for OK, 1 for WARNING, 2 for CRITICAL, also if the database does not answer. With "
        "--test-notifications: 0 if every sample was taken, 1 if not or if there is no channel."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        forms = parser.add_mutually_exclusive_group()
        forms.add_argument("--json", action="store_true", help="print all of it as JSON")
        forms.add_argument(
            "--nagios", action="store_true", help="print one line for Nagios and the like"
        )
        forms.add_argument(
            "--test-notifications",
            action="store_true",
            help="send a sample through every channel that is configured",
        )
        forms.add_argument(
            "--watch",
            nargs="?",
            type=float,
            const=2.0,
            metavar="SECONDS",
            help="show it anew every so many seconds (2), until Ctrl-C",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        if options["watch"] is not None:
            self._watch(database, options["watch"])
            return
        try:
            status = self._told(database, options)
        except HICCUPS as error:
            if options["nagios"]:
                words = " ".join(str(error).split())
                self.stdout.write(f"CRITICAL - the database does not answer: {words}")
                raise SystemExit(2) from error
            raise CommandError(f"The database does not answer: {error}", returncode=75) from error
        if status:
            raise SystemExit(status)

    def _told(self, database: str, options: dict[str, Any]) -> int:
        """Print what is asked for; returns the exit status."""
        if options["test_notifications"]:
            return self._test_notifications(database)
        from chroniker.health import failures, nagios, overview, state

        if options["nagios"]:
            found = state.read(database, database_now(database))
            failing = [concern.job.pk for concern in found.of(state.Kind.FAILING)]
            line, status = nagios.line(found, failures.of_jobs(database, failing))
            self.stdout.write(line)
            return status
        view = overview.read(database, database_now(database))
        if options["json"]:
            self.stdout.write(json.dumps(view.as_values(), indent=1))
        else:
            self.stdout.write(self._page(view))
        return 0 if view.is_well else 1

    def _page(self, view: Any) -> str:
        lines = list(view.lines())
        style = self.style.SUCCESS if view.is_well else self.style.ERROR
        return "\n".join([style(lines[0]), *lines[1:]])

    def _watch(self, database: str, seconds: float) -> None:
        from chroniker.health import overview

        try:
            while True:
                try:
                    page = self._page(overview.read(database, database_now(database)))
                except HICCUPS as error:
                    page = f"The database does not answer: {error}"
                self.stdout.write(f"{_CLEAR}{page}")
                self.stdout.flush()
                time.sleep(max(_SHORTEST, seconds))
        except KeyboardInterrupt:
            return

    def _test_notifications(self, database: str) -> int:
        from chroniker.notifications.sample import send_samples

        results = send_samples(database)
        for result in results:
            outcome = "sent" if result.is_sent else f"FAILED: {result.error}"
            self.stdout.write(f"{result.channel} {result.recipient}: {outcome}")
        if not results:
            self.stdout.write("No channel is configured: nobody would hear of anything.")
        return 0 if results and all(result.is_sent for result in results) else 1


_CLEAR = "\x1b[H\x1b[2J"
_SHORTEST = 0.2
