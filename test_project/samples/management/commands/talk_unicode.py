"""A command that speaks many languages."""

from typing import Any

from django.core.management.base import BaseCommand

GREETINGS = (
    "Grüße aus Köln",
    "Привет, мир",
    "こんにちは世界",
    "مرحبا بالعالم",
    "naïve café – “quoted”",  # noqa: RUF001 - that is the point
    "🚀 👩‍👩‍👧‍👦 beyond the first plane: 𝄞",
    "combining: é is é",
)


class Command(BaseCommand):
    """Print greetings outside of ASCII, and outside of the first 65,536 characters."""

    help = "Print text of all of Unicode."

    def handle(self, **options: Any) -> None:
        """Print them all."""
        for greeting in GREETINGS:
            self.stdout.write(greeting)
