"""A command that writes to the database in one transaction."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction


class Command(BaseCommand):
    """Add users, all of them or none."""

    help = "Add users with these names; with --fail, raise at the end of the transaction."

    def add_arguments(self, parser: CommandParser) -> None:
        """Names, and whether to fail."""
        parser.add_argument("names", nargs="+")
        parser.add_argument("--fail", action="store_true")

    def handle(self, *_: Any, **options: Any) -> None:
        """Add them."""
        with transaction.atomic():
            for name in options["names"]:
                get_user_model().objects.create_user(name)
            if options["fail"]:
                raise RuntimeError("nobody is to be added")
