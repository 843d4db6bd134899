"""Cron for Django, controlled from the admin."""

from chroniker.context import get_current_run, track

__all__ = ["VERSION", "__version__", "get_current_run", "track"]

VERSION = (2, 0, 0, "dev0")
__version__ = "2.0.0.dev0"
