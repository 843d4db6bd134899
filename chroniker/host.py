"""This host: which boot of it, and its clock for durations."""

from __future__ import annotations

import sys
import time
from functools import cache
from pathlib import Path


@cache
def boot_id() -> str:
    """Names this boot of this machine (and container); '' where the system cannot tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return ""
    return f"{boot}-{namespace}"


def uptime() -> float:
    """Seconds on a clock that nobody sets and that goes on while the machine sleeps.

    The same for all processes of a boot. Only differences mean something.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


def can_limit_memory() -> bool:
    """Whether this system holds a process to a limit of its memory; macOS does not."""
    try:
        import resource
    except ImportError:
        return False
    return hasattr(resource, "RLIMIT_AS") and sys.platform != "darwin"
