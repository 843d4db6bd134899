"""The behaviour of a job in a round, as a management command."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tests.chaos import behaviour


class Command(BaseCommand):
    """Leaves evidence of what it does."""

    help = "Do as the words say: see tests.chaos.behaviour."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs="*")

    def handle(self, *_args: Any, **options: Any) -> None:
        status = behaviour.behave(behaviour.parse(options["words"]))
        if status:
            sys.exit(status)
