"""A command that reports through the logging module."""

import logging
from typing import Any

from django.core.management.base import BaseCommand

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Log a line at each of three levels, and print one between them."""

    help = "Log with the logging module."

    def handle(self, **options: Any) -> None:
        """Log."""
        logger.debug("A detail.")
        logger.info("An event.")
        self.stdout.write("A printed line.")
        logger.warning("A warning.")
