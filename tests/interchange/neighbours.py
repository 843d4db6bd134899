"""Other schedulers, installed in an environment of their own, with a project that uses them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running import ROOT

PROJECT = Path(__file__).parent / "project"
CACHE = ROOT / "var" / "neighbours"
PACKAGES = (
    *("django~=5.2.0", "django-chroniker==1.1.0", "django-celery-beat==2.9.0"),
    *("django-q2==1.11.1", "django-cron==0.6.0", "django-crontab==0.7.1"),
    "croniter==6.2.4",  # without it django-q2 has no cron expressions
)


def python() -> Path:
    """The interpreter that has all of them; made once, then kept."""
    version = "{}.{}".format(*sys.version_info)
    folder = CACHE / f"{_digest()}-python{version}"
    with _alone("environment"):
        if not folder.exists():
            _build(folder)
    return folder / "bin" / "python"


def database() -> Path:
    """A database that each package has filled with its own models; made once, then only read."""
    filled = CACHE / f"{_digest((PROJECT / 'fill.py').read_text())}.sqlite3"
    with _alone("database"):
        if not filled.exists():
            unfinished = filled.with_suffix(f".{os.getpid()}")
            run("-m", "django", "migrate", "-v", "0", database=unfinished)
            run("fill.py", database=unfinished)
            unfinished.rename(filled)
    return filled


def _digest(*more: str) -> str:
    return hashlib.sha256(" ".join((*PACKAGES, *more)).encode()).hexdigest()[:12]


@contextmanager
def _alone(what: str) -> Iterator[None]:
    """Let the other processes of a test run wait until it is there."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(folder: Path) -> None:
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    subprocess.run([sys.executable, "-m", "venv", unfinished], check=True)
    pip = [str(unfinished / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    done = subprocess.run([*pip, *PACKAGES], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"other schedulers cannot be installed: {done.stderr.strip()[-300:]}"
        if os.environ.get("CHRONIKER_TEST_UPGRADE") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    unfinished.rename(folder)


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
