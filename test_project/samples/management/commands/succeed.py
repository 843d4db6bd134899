"""A command that does nothing and ends well."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Say so, and end."""

    help = "Do nothing, successfully."

    def handle(self, **options: Any) -> None:
        """Print one line."""
        self.stdout.write("All is well.")
