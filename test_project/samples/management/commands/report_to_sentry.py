"""A command that reports something to Sentry by itself."""

from typing import Any

import sentry_sdk
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Report a message, and succeed."""

    help = "Report a message to Sentry."

    def handle(self, **options: Any) -> None:
        """Report it."""
        sentry_sdk.capture_message("from the job")
        self.stdout.write("reported")
