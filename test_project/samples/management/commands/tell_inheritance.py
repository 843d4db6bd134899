"""A command that tells what its process has come with."""

import json
import os
import random
import signal
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Print it as JSON."""

    help = "Print session, descriptors, signal handlers, threads and a random number as JSON."

    def handle(self, *_: Any, **options: Any) -> None:
        """Look, and print."""
        told = {
            "pid": os.getpid(),
            "session": os.getsid(0),
            "group": os.getpgrp(),
            "files": dict(_files()),
            "handlers": {
                number.name: str(signal.getsignal(number))
                for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD)
            },
            "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
            "threads": [thread.name for thread in threading.enumerate()],
            "random": random.random(),  # noqa: S311
        }
        self.stdout.write(json.dumps(told))


def _files() -> list[tuple[int, str]]:
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append((int(entry.name), str(entry.readlink())))
        except FileNotFoundError:
            continue  # the descriptor of this very listing
    return found
