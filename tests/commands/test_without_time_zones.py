"""The same promises in a project with ``USE_TZ = False``: models, commands and real runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.running import ROOT

# What runs elsewhere already, so that a fault of zones shows as a difference.
TESTS = [
    "tests/models",
    "tests/commands/test_run_job.py",
    "tests/commands/test_cron.py::test_a_failed_run_ends_it_with_status_1_and_the_reason",
    "tests/commands/test_cron.py::test_a_dry_run_changes_nothing_at_all",
    "tests/commands/test_cronserver.py::test_due_jobs_run_again_and_again_until_ctrl_c",
]

SOME = ["tests/models/test_hosts.py", "tests/models/test_job_queryset.py", *TESTS[2:4]]


@pytest.mark.django_db
@pytest.mark.process
@pytest.mark.parametrize(
    "tests", [SOME, pytest.param(TESTS, marks=pytest.mark.thorough)], ids=["some", "all"]
)
def test_jobs_and_their_runs_are_right_without_time_zones(tests: list[str]) -> None:
    environment = os.environ | {
        "CHRONIKER_TEST_USE_TZ": "0",
        "CHRONIKER_TEST_TIME_ZONE": "America/New_York",
    }
    del environment["CHRONIKER_TEST_DB_NAME"], environment["CHRONIKER_TEST_SETTINGS"]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *tests],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    assert " passed" in done.stdout
