"""A short race for claims; ``python -m tests.chaos.claim_race`` holds long ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.running import ROOT

# The race has a database of its own; the mark says that each kind of database has its turn.
pytestmark = [pytest.mark.django_db, pytest.mark.process, pytest.mark.chaos]


def race(*words: str, claims: int) -> dict[str, Any]:
    """The report of a race on the database that these tests are run on."""
    kind = os.environ.get("CHRONIKER_TEST_DB", "sqlite")
    names = ("CHRONIKER_TEST_DB_NAME", "CHRONIKER_TEST_SETTINGS", "COVERAGE_PROCESS_CONFIG")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.chaos.claim_race", "--database", kind),
            *("--claims", str(claims), *words),
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in names},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_of_twenty_processes_that_race_for_claims_and_are_killed_none_doubles() -> None:
    report = race("--processes", "20", "--kill-each", "0.2", "--clock-jumps", claims=200)

    assert report["faults"] == []
    numbers = report["numbers"]
    assert numbers["claims"] >= 200
    assert numbers["races lost"] > 0
    assert numbers["on hosts"] > 0
    assert numbers["clock jumps"] > 0
    assert numbers["kills"] > 20


@pytest.mark.thorough
def test_claims_that_look_first_and_write_then_are_found_out() -> None:
    report = race("--processes", "8", "--naive", claims=60)

    assert report["numbers"]["doubles"] > 0
