"""Other schedulers, installed in an environment of their own, with a project that uses them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from tests import environments
from tests.environments import alone, python_with

PROJECT = Path(__file__).parent / "project"
CACHE = environments.CACHE / "neighbours"
PACKAGES = (
    *("django~=5.2.0", "django-chroniker==1.1.0", "django-celery-beat==2.9.0"),
    *("django-q2==1.11.1", "django-cron==0.6.0", "django-crontab==0.7.1"),
    "croniter==6.2.4",  # without it django-q2 has no cron expressions
)


def python() -> Path:
    """The interpreter that has all of them; made once, then kept."""
    return python_with(PACKAGES, CACHE / _digest())


def database() -> Path:
    """A database that each package has filled with its own models; made once, then only read."""
    filled = CACHE / f"{_digest((PROJECT / 'fill.py').read_text())}.sqlite3"
    with alone(filled):
        if not filled.exists():
            unfinished = filled.with_suffix(f".{os.getpid()}")
            run("-m", "django", "migrate", "-v", "0", database=unfinished)
            run("fill.py", database=unfinished)
            unfinished.rename(filled)
    return filled


def _digest(*more: str) -> str:
    return hashlib.sha256(" ".join((*PACKAGES, *more)).encode()).hexdigest()[:12]


def run(*arguments: str, database: Path, crontab: Path | None = None) -> str:
    """Run something with the other packages in the project; return what it printed."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [python(), "-W", "ignore", *arguments],
        cwd=PROJECT,
        env=kept
        | {
            "PYTHONPATH": str(PROJECT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "neighbour_settings",
            "NEIGHBOURS_DATABASE": str(database),
            "NEIGHBOURS_CRONTAB": str(crontab or ""),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
    return done.stdout
