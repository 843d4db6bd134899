"""A simulation as a command of its own, on a database of its own."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos import databases
from tests.simulated.report import Report

Simulate = Callable[[argparse.Namespace, Path], Report]


def parser(module: str, description: str | None) -> argparse.ArgumentParser:
    """What all of them can be asked for."""
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--database", choices=("sqlite", "postgres", "mariadb"), default="sqlite")
    return made


def run(asked: argparse.Namespace, simulate: Simulate) -> int:
    """Simulate, print numbers and what is broken; returns an exit status, 1 if anything is.

    ``simulate`` is given a folder for spools and may import models; its database is the default.
    """
    with tempfile.TemporaryDirectory(prefix="chroniker-simulated-") as name:
        folder = Path(name)
        database = databases.make(asked.database, folder)
        database.start()
        try:
            _set_up(database)
            begun = time.monotonic()
            report = simulate(asked, folder / "spools")
            seconds = time.monotonic() - begun
        finally:
            _hang_up()
            database.stop()
    say(f"{asked.database}, seed {asked.seed}: {seconds:.0f} s")
    return _tell(report)


def say(sentence: str) -> None:
    """Print it now, wherever that goes."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def _set_up(database: databases.Database) -> None:
    os.environ |= {**database.environment(), "DJANGO_SETTINGS_MODULE": "test_project.settings"}
    import django
    from django.core.management import call_command

    django.setup()
    logging.getLogger("chroniker").setLevel(logging.CRITICAL)  # faults are many, and meant
    call_command("migrate", verbosity=0)


def _hang_up() -> None:
    from django.db import connections

    connections.close_all()


def _tell(report: Report) -> int:
    for what, count in sorted(report.numbers.items()):
        say(f"    {count:6} {what}")
    for fault in report.broken:
        say(f"BROKEN {fault}")
    return 1 if report.broken else 0
