"""``python -m test_project.demo``: show chroniker at work, or check that it works."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from test_project.demo import ROOT


def main() -> int:
    """Prepare a database with the demo's jobs, then serve it or check it."""
    parser = argparse.ArgumentParser(prog="bin/demo", description=main.__doc__)
    parser.add_argument(
        "--check",
        action="store_true",
        help="start no servers: run what is due once, and compare each job with what it should do",
    )
    parser.add_argument("--port", type=int, help="the admin's port (default: 8000, or the next)")
    options = parser.parse_args()
    if options.check:
        with tempfile.TemporaryDirectory(prefix="chroniker-demo-") as folder:
            return check(Path(folder))
    var = Path(os.environ.get("CHRONIKER_TEST_VAR", ROOT / "var"))
    return serve(var / "demo", options.port)


def check(folder: Path) -> int:
    """Run the due jobs of a new database once. Return the exit status."""
    prepare(folder)
    from test_project.demo import check

    return check.main()


def serve(folder: Path, port: int | None) -> int:
    """Serve the demo's database until Ctrl-C. Return the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    prepare(folder)
    from test_project.demo import serve

    return serve.main(folder, port)


def prepare(folder: Path) -> None:
    """Set up Django with a migrated SQLite database in ``folder`` that holds the demo's jobs."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "test_project.settings",
        "CHRONIKER_TEST_DB": "sqlite",
        "CHRONIKER_TEST_DB_NAME": str(folder / "demo.sqlite3"),
        "CHRONIKER_TEST_DEBUG": "1",
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("load_demo", verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
