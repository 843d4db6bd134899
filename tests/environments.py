"""Environments that have other packages, and what is made with them: once, then kept."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running import ROOT

CACHE = ROOT / "var"


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let the other test processes wait until this is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def python_with(packages: Collection[str], folder: Path) -> Path:
    """The interpreter of an environment in this folder that has these packages.

    Skips the test if they cannot be installed, or fails it where CI says that it has to run.
    """
    folder = folder.with_name("{}-python{}.{}".format(folder.name, *sys.version_info))
    with alone(folder):
        if not folder.exists():
            _build(folder, packages)
    return folder / "bin" / "python"


def _build(folder: Path, packages: Collection[str]) -> None:
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    subprocess.run([sys.executable, "-m", "venv", unfinished], check=True)
    pip = [str(unfinished / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    done = subprocess.run([*pip, *packages], capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(unfinished)
        reason = f"{', '.join(packages)} cannot be installed: {done.stderr.strip()[-300:]}"
        if os.environ.get("CHRONIKER_TEST_UPGRADE") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    unfinished.rename(folder)
