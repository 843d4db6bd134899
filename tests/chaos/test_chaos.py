"""A short round of chaos; ``tests/chaos/run`` makes long ones."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

SECONDS = 8


@pytest.mark.chaos
def test_a_short_round_breaks_no_promise() -> None:
    seed = random.SystemRandom().randrange(10**6)
    database = os.environ.get("CHRONIKER_TEST_DB", "sqlite")
    words = f"--database {database} --seed {seed} --seconds {SECONDS} --hosts a,b --verbose"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("CHRONIKER_TEST_")
    }

    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.driver", *words.split()],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    said = f"{words}\n{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
    assert "\n{" in done.stdout, said
    report = json.loads(done.stdout[done.stdout.index("\n{") :])
    assert report["numbers"]["instances"] > 0, said
    assert report["faults"] == [], said
    assert done.returncode == 0
