"""A short version of ``python -m tests.rules``."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from tests.rules.world import simulate

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.breaks_invariants("the clock of its runs was another"),
]


_ASKED_FOR = os.environ.get("CHRONIKER_TEST_SEED")
SEEDS = [int(_ASKED_FOR)] if _ASKED_FOR else [1]
"""The same for everybody: a change is judged by what it changes. Long rounds draw others."""


@pytest.mark.parametrize("seed", SEEDS)
def test_random_jobs_keep_to_the_rules(
    seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "chroniker")
    print(f"python -m tests.rules --steps 60 --jobs 8 --seed {seed}")  # noqa: T201

    report = simulate(steps=60, seed=seed, job_count=8, database="default", folder=tmp_path)

    assert report.broken == []
    assert report.numbers.total() > 0
