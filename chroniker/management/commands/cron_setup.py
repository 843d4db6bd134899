"""Say what has to be set up so that due jobs run, or set it up."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import crontab, invocation
from chroniker.exceptions import CrontabError
from chroniker.management import recipes

FORMS = {
    "systemd": recipes.systemd,
    "docker": recipes.container,
    "kubernetes": recipes.kubernetes,
}


class Command(BaseCommand):
    """Prints a recipe; installs the crontab line."""

    help = (
        "Print what makes the system look for due jobs each minute: a crontab line by default, or "
        "a systemd unit and timer, a container, or a Kubernetes CronJob. With --install the line "
        "is written into this user's crontab; as often as you like, it is there once. Exit status: "
        "0, 1 if the crontab cannot be read or written, 2 for wrong options."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        form = parser.add_mutually_exclusive_group()
        form.add_argument(
            "--install", action="store_true", help="write the line into this user's crontab"
        )
        form.add_argument(
            "--remove", action="store_true", help="take the line out of this user's crontab"
        )
        for name, what in (
            ("systemd", "print a systemd unit and timer"),
            ("docker", "print a service for docker compose"),
            ("kubernetes", "print a Kubernetes CronJob"),
        ):
            form.add_argument(f"--{name}", dest="form", action="store_const", const=name, help=what)

    def handle(self, *_args: Any, **options: Any) -> None:
        call = invocation.here()
        if options["install"] or options["remove"]:
            self._install(call, installed=options["install"])
        elif options["form"]:
            self.stdout.write(FORMS[options["form"]](call), ending="")
        else:
            self.stdout.write(recipes.crontab(call), ending="")

    def _install(self, call: invocation.Invocation, *, installed: bool) -> None:
        if installed and call.folder == invocation.UNKNOWN:
            raise CommandError("manage.py was not found; call this from its folder.", returncode=1)
        try:
            before = crontab.read().decode(errors="surrogateescape")
            after = recipes.in_crontab(before, call, installed=installed)
            if after == before:
                self.stdout.write("The crontab is as it has to be; nothing was changed.")
                return
            crontab.write(after)
        except CrontabError as error:
            raise CommandError(str(error), returncode=1) from error
        self.stdout.write("Installed:" if installed else "Removed.")
        if installed:
            self.stdout.write(recipes.crontab(call), ending="")
