"""A command that fails the way programs fail."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Raise an error: an unexpected one with a traceback, or a polite one."""

    help = "Fail with an exception."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the error's text."""
        parser.add_argument("message", nargs="?", default="The sample failed, as it was told to.")
        parser.add_argument("--telling", metavar="NAME", help="tell this variable instead")
        parser.add_argument("--reporting", action="store_true", help="tell Sentry of it as well")
        parser.add_argument("--politely", action="store_true", help="raise a CommandError")

    def handle(self, *, message: str, telling: str, politely: bool, **options: Any) -> None:
        """Print a line, so that output before the failure is there to be kept, then fail."""
        self.stdout.write("About to fail.")
        if telling:
            message = os.environ[telling]
        if politely:
            raise CommandError(message)
        try:
            raise RuntimeError(message)
        except RuntimeError as error:
            if options["reporting"]:
                import sentry_sdk

                sentry_sdk.capture_exception(error)
            raise
