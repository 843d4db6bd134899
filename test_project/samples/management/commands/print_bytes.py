"""A command whose output is not text."""

import os
from typing import Any

from django.core.management.base import BaseCommand

BYTES = b"before \xff\xfe\x80 between \x00 after\n"


class Command(BaseCommand):
    """Write bytes that are no UTF-8, with a NUL among them, straight to the file descriptor."""

    help = "Print bytes that cannot be decoded."

    def handle(self, **options: Any) -> None:
        """Write them."""
        os.write(1, BYTES)
