"""A command that does nothing and prints nothing."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """End at once."""

    help = "Do nothing."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        """Do nothing."""
