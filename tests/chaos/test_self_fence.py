"""A short round of ``self_fence``."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.running import ROOT


@pytest.mark.process
def test_jobs_are_dead_before_their_leases_end_though_the_database_is_frozen() -> None:
    words = [sys.executable, "-m", "tests.chaos.self_fence", "--trials", "3"]

    done = subprocess.run(
        words, check=False, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "sqlite: 3 of 3 dead in time" in done.stdout
