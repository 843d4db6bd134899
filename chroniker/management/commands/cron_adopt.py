"""Say whose these tables are: where a copy of another installation's is to be run."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import settings, write_database
from chroniker.management.printing import counted
from chroniker.models import Installation, Job, Standing
from chroniker.models.database_clock import database_now


class Command(BaseCommand):
    """Lets the tables belong to this installation."""

    help = (
        "Let the tables of jobs belong to this installation. The first cron does so by itself; "
        "after that they are held wherever the settings or the database are others, for instance "
        "a copy of production's database on another server, and nothing is started there. Exit "
        "status: 0 if they are this installation's now, 1 if somebody else adopted them in this "
        "moment, or, with --show, if they are another's."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--show", action="store_true", help="only say whose they are; changes nothing"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        standing = Standing.read(database)
        if options["show"]:
            self._show(standing)
            return
        if standing.owner == standing.here:
            self.stdout.write(f"They are this installation's already: {standing.here}")
            return
        self._adopt(database, standing)

    def _show(self, standing: Standing) -> None:
        self.stdout.write(f"The tables belong to: {standing.owner or 'nobody yet'}")
        self.stdout.write(f"This is: {standing.here}")
        if standing.is_held:
            self.stdout.write("Nothing is started here.")
            sys.exit(1)

    def _adopt(self, database: str, standing: Standing) -> None:
        now = database_now(database)
        due = Job.objects.using(database).due(now=now, check_hostname=False).count()
        running = Job.objects.using(database).all_running().count()
        rows = Installation.objects.using(database)
        if not rows.adopt(standing.here, now, by=settings.user(), instead_of=standing.owner):
            raise CommandError("Somebody else has adopted them in this moment; nothing was done.")
        self.stdout.write(f"Adopted: {standing.here}")
        if standing.owner:
            self.stdout.write(f"They belonged to: {standing.owner}")
        if due:
            self.stdout.write(f"Due, and started at the next tick: {counted(due, 'job')}.")
        if running:
            self.stdout.write(
                f"Seen as running: {counted(running, 'job')}. If that is not so, the next ticks "
                "record that their runs were lost, and tell those who are to hear of it."
            )
