"""``python -m tests.rules``: exit status 0, or 1 with what was against the rules."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import databases


def main() -> int:
    """Simulate on a database of its own, and print numbers and what is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.rules", description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=14)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--database", choices=("sqlite", "postgres", "mariadb"), default="sqlite")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chroniker-rules-") as name:
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
    logging.getLogger("chroniker").setLevel(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    from tests.rules.world import simulate

    begun = time.monotonic()
    report = simulate(
        steps=asked.steps,
        seed=asked.seed,
        job_count=asked.jobs,
        database="default",
        folder=folder / "spools",
        say=_say,
    )
    connections.close_all()
    _say(
        f"{asked.database}, seed {asked.seed}: {report.passed.days} days in "
        f"{time.monotonic() - begun:.0f} s"
    )
    for what, count in sorted(report.numbers.items()):
        _say(f"    {count:6} {what}")
    for fault in report.broken:
        _say(f"BROKEN {fault}")
    return 1 if report.broken else 0


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
