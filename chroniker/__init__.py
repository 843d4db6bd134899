"""Cron for Django, controlled from the admin."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chroniker.context import get_current_run, track

if TYPE_CHECKING:
    from chroniker.jobs_in_code.declaration import scheduled
    from chroniker.subprocesses import run_process

__all__ = ["VERSION", "__version__", "get_current_run", "run_process", "scheduled", "track"]

VERSION = (2, 0, 0, "dev0")
__version__ = "2.0.0.dev0"


_ELSEWHERE = {
    "run_process": "chroniker.subprocesses",
    "scheduled": "chroniker.jobs_in_code.declaration",
}


def __getattr__(name: str) -> Any:
    """Import what lies higher than this, or takes time, only when it is asked for."""
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE[name]), name)
