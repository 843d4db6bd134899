"""A few random deaths; ``python -m tests.chaos.deaths`` makes two hundred."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

DEATHS = 6


@pytest.mark.chaos
@pytest.mark.one_database("it has a database of its own")
def test_each_of_a_few_random_deaths_is_told_exactly_once() -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("CHRONIKER_TEST_")
    }

    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.deaths", "--deaths", str(DEATHS)],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout, done.stderr[-4000:]
    report = json.loads(done.stdout)
    assert report["faults"] == []
    assert report["deaths"] == report["mails"] == DEATHS
    assert done.returncode == 0
