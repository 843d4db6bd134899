"""A short version of ``python -m tests.chaos.day``."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.chaos.day.simulation import simulate

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.breaks_invariants("a simulated host is dead and its clock was another"),
]


@pytest.mark.thorough
def test_every_occurrence_of_a_few_hours_with_faults_is_accounted_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "chroniker")  # faults are many, and meant

    report = simulate(jobs=18, minutes=100, seed=0, database="default", folder=tmp_path)

    assert report.broken == []
    assert report.numbers["occurrences"] > 100
    assert report.numbers["made up for by a later run"] > 0
    assert report.numbers["skipped"] > 0
    assert report.numbers["retries"] > 0
    assert report.numbers["statements that failed"] > 0
    assert report.numbers["hosts that died"] == 1
