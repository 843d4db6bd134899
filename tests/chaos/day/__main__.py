"""``python -m tests.chaos.day``: exit status 0, or 1 if an occurrence is not accounted for."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import databases


def main() -> int:
    """Simulate on a database of its own, and print numbers and what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.day", description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--database", choices=("sqlite", "postgres", "mariadb"), default="sqlite")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true", help="a line for each hour")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chroniker-day-") as name:
        folder = Path(name)
        database = databases.make(asked.database, folder)
        database.start()
        try:
            return _simulate(asked, database, folder)
        finally:
            database.stop()


def _simulate(asked: argparse.Namespace, database: databases.Database, folder: Path) -> int:
    os.environ |= {**database.environment(), "DJANGO_SETTINGS_MODULE": "test_project.settings"}
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", verbosity=0)
    from tests.chaos.day.simulation import simulate

    begun = time.monotonic()
    report = simulate(
        jobs=asked.jobs,
        minutes=round(asked.hours * 60),
        seed=asked.seed,
        database="default",
        folder=folder / "spools",
        say=_say if asked.verbose else None,
    )
    connections.close_all()
    _say(f"{asked.database}, seed {asked.seed}: {time.monotonic() - begun:.0f} s")
    for what, count in sorted(report.numbers.items()):
        _say(f"    {count:6} {what}")
    for fault in report.faults:
        _say(f"BROKEN {fault}")
    return 1 if report.faults else 0


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
