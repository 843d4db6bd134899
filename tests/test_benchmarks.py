"""The benchmarks run. What they measure is not judged here: tests know no times."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.running import ROOT


def benchmark(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``benchmarks/run`` to its end."""
    command = [sys.executable, "benchmarks/run", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.process
def test_a_scenario_prints_what_it_measured_beside_its_bound() -> None:
    done = benchmark("--rounds", "1", "single", "catching_up")

    assert done.returncode in (0, 1), done.stderr
    rows = done.stdout.splitlines()[2:]
    assert [row.split("  ")[0] for row in rows[:3]] == [
        "what",
        "one due job: added to its command",
        "next second of a rule 40 days behind",
    ]
    assert "0.2 s" in rows[1]


def test_a_scenario_that_does_not_exist_is_named() -> None:
    done = benchmark("idel")

    assert done.returncode == 2
    assert "no such scenario: idel" in done.stderr
