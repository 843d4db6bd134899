"""Let hosts come to rest, for a deploy."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import settings, write_database
from chroniker.management import times
from chroniker.models import Host, Log, LogQuerySet
from chroniker.models.database_clock import database_now
from chroniker.models.host import HostQuerySet

LIMIT = timedelta(hours=1)
"""A drain that nobody ends is over after that."""

PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    """Starts nothing new on a host, and waits for what runs there."""

    help = (
        "Start nothing new on this host, for a deploy: what is running goes on, schedules go on, "
        "and what was missed is then handled as each job says. With --wait, wait until nothing "
        "runs there any more. It ends with --end, or by itself after --for. Exit status: 0, 1 if "
        "something still runs when --wait is over (nothing new starts all the same), 2 for wrong "
        "options."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--host", metavar="NAME", help="another host than this one")
        which.add_argument(
            "--all-hosts", action="store_true", help="every host that is known: that ever ticked"
        )
        parser.add_argument(
            "--wait",
            type=times.duration,
            metavar="LENGTH",
            help="wait until nothing runs there, at most so long, such as 90s or 10m",
        )
        parser.add_argument(
            "--for",
            dest="length",
            type=times.duration,
            metavar="LENGTH",
            help="start runs again after so long, whatever happens (default: 1h, or twice --wait)",
        )
        parser.add_argument("--end", action="store_true", help="start runs again now")

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        hosts = _hosts(database, options)
        if options["end"]:
            self._end(hosts, database)
            return
        now = database_now(database)
        until = times.later(now, _length(options["length"], options["wait"]))
        if until is None:
            raise CommandError(
                "--for: this ends after the last year of the calendar.", returncode=2
            )
        hosts.drain(until, settings.user())
        names = list(hosts.values_list("hostname", flat=True))
        self.stdout.write(f"Drained until {times.in_words(until)}: {', '.join(names) or 'none'}.")
        if options["wait"] is not None:
            self._wait(database, names, options["wait"])

    def _end(self, hosts: HostQuerySet, database: str) -> None:
        for name in hosts.end_drain(database_now(database)):
            self.stdout.write(f"{name} starts runs again.")

    def _wait(self, database: str, names: list[str], wait: timedelta) -> None:
        end = time.monotonic() + wait.total_seconds()
        logs: LogQuerySet = Log.objects.using(database).running().filter(hostname__in=names)
        quiet = 0
        while True:
            going_on = list(logs.values_list("job__name", flat=True)[:_NAMED])
            quiet = 0 if going_on else quiet + 1
            if quiet == _LOOKS:
                self.stdout.write("Nothing runs.")
                return
            if going_on and time.monotonic() >= end:
                named = ", ".join(going_on)
                raise CommandError(f"{logs.count()} still running: {named}.", returncode=1)
            time.sleep(PAUSE_SECONDS)


_NAMED = 5
_LOOKS = 2
"""So often nothing is seen to run: a claim that had looked before the drain may come after it."""


def _hosts(database: str, options: dict[str, Any]) -> HostQuerySet:
    hosts: HostQuerySet = Host.objects.using(database)
    if options["all_hosts"]:
        return hosts.all()
    name = options["host"] or settings.hostname()
    if options["host"] is None:
        hosts.get_or_create(hostname=name)  # perhaps it has not ticked yet
    elif not hosts.filter(hostname=name).exists():
        known = ", ".join(hosts.values_list("hostname", flat=True)) or "none"
        raise CommandError(f"--host: no host {name!r} is known; known are: {known}.", returncode=2)
    return hosts.filter(hostname=name)


def _length(length: timedelta | None, wait: timedelta | None) -> timedelta:
    """How long it holds: longer than it is waited for."""
    if length is None:
        return max(LIMIT, 2 * wait) if wait else LIMIT
    if wait is not None and length < wait:
        raise CommandError("--for: this is shorter than --wait.", returncode=2)
    return length
