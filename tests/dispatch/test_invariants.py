"""The checker of what must always hold: silent about all that is well, and finds what is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chroniker.constants import Trigger
from chroniker.context import ENV_RUN_TOKEN
from chroniker.dispatch import invariants
from chroniker.dispatch.claim import claim
from chroniker.dispatch.invariants import check_state
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.runs import processes
from chroniker.runs.run import Run
from chroniker.runs.spool import Spool, lock_file_of
from tests.running import Manage, due_job, run_due, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.breaks_invariants("it is what these tests are about"),
]


def found() -> list[tuple[str, str]]:
    """What is found, as (invariant, what of)."""
    findings = check_state("default", database_now("default"))
    return [(finding.invariant, finding.subject) for finding in findings]


@pytest.fixture
def run(spool_dir: Path) -> Iterator[Run]:
    """A run that has been claimed and whose folder is there."""
    job = due_job()
    now = database_now("default")
    taken = claim(job, now, trigger=Trigger.SCHEDULE, lock_file_of=lock_file_of)
    assert taken is not None
    lock = Spool.of(taken.lock_file).create(os.getpid(), processes.created(os.getpid()))
    yield taken
    os.close(lock)


@pytest.fixture
def ended(spool_dir: Path) -> Log:
    """A run that has ended well."""
    due_job()
    run_due()
    return Log.objects.get()


def log_of(job: Job, **values: Any) -> Log:
    """A row as a sound run leaves it, but for these values."""
    now = database_now("default")
    sound = {"status": "succeeded", "run_start_datetime": now, "run_end_datetime": now}
    return Log.objects.create(job=job, **sound | values)


def test_nothing_is_wrong_with_no_jobs_at_all() -> None:
    assert found() == []


def test_nothing_is_wrong_with_a_job_that_waits() -> None:
    due_job()

    assert found() == []


@pytest.mark.process
def test_nothing_is_wrong_with_runs_that_ended_well_and_badly(spool_dir: Path) -> None:
    due_job("succeed")
    due_job("fail", name="fails")
    run_due()

    assert Log.objects.count() == 2
    assert found() == []


def test_nothing_is_wrong_with_a_run_that_goes_on(run: Run) -> None:
    assert found() == []


def test_rows_of_1x_are_left_alone(spool_dir: Path) -> None:
    job = due_job(is_running=True)
    Log.objects.create(job=job, success=False, on_time=False)

    assert found() == []


@pytest.mark.parametrize(
    "broken",
    [
        {"is_running": False},
        {"lease_expires": None},
        {"claim_token": "0" * 32},
        {"claim_token": None},
    ],
    ids=str,
)
def test_a_claim_and_its_job_agree(run: Run, broken: dict[str, Any]) -> None:
    Job.objects.update(**broken)

    assert ("I3", f"job {run.job_id}") in found()


@pytest.mark.parametrize(
    "broken",
    [
        {"active_for": None},
        {"success": True},
        {"run_end_datetime": "2026-01-01T00:00:00Z"},
        {"token": "0" * 32},
    ],
    ids=str,
)
def test_an_open_run_is_consistent(run: Run, broken: dict[str, Any]) -> None:
    Log.objects.update(**broken)

    assert ("I3", f"run {run.log_id}") in found()


def test_a_claim_without_an_open_run_is_found(run: Run) -> None:
    Log.objects.all().delete()

    assert ("I3", f"job {run.job_id}") in found()


def test_two_open_runs_of_a_job_are_found(run: Run) -> None:
    log_of(Job.objects.get(), status="running", active_for="twice", success=False)

    assert ("I1", f"job {run.job_id}") in found()


def test_more_claims_than_the_fence_counted_are_found(run: Run) -> None:
    Job.objects.update(fence=0)

    assert ("I2", f"job {run.job_id}") in found()


def test_a_run_that_nobody_recovers_is_found_once_somebody_should_have(run: Run) -> None:
    now = database_now("default") + timedelta(seconds=60 + invariants.recovered_within())

    before = check_state("default", now - timedelta(seconds=10))
    after = check_state("default", now + timedelta(seconds=10))

    assert before == []
    assert [(finding.invariant, finding.subject) for finding in after] == [
        ("I5", f"job {run.job_id}")
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "strange"},
        {"run_end_datetime": None},
        {"run_end_datetime": "2020-01-01T00:00:00Z"},
        {"duration_seconds": None},
        {"active_for": "something"},
        {"success": False},
        {"status": "failed"},
        {"on_time": False},
        {"status": "timed_out", "success": False},
    ],
    ids=str,
)
def test_an_end_that_contradicts_itself_is_found(ended: Log, broken: dict[str, Any]) -> None:
    Log.objects.update(**broken)

    assert ("I6", f"run {ended.pk}") in found()


def test_an_occurrence_that_was_run_again_after_its_success_is_found(ended: Log) -> None:
    Job.objects.update(fence=2)
    log_of(ended.job, scheduled_for=ended.scheduled_for, attempt=2, token="f" * 32)

    assert found() == [("I4", f"run {ended.pk}")]


def test_a_folder_of_an_ended_run_is_found(ended: Log, spool_dir: Path) -> None:
    (spool_dir / str(ended.token)).mkdir(parents=True)

    assert found() == [("I9", f"run {ended.pk}")]


def test_a_folder_of_no_run_is_found_in_a_spool_of_our_own(spool_dir: Path) -> None:
    (spool_dir / "stray").mkdir(parents=True)

    assert found() == [("I9", "spool")]


def test_a_process_left_by_an_ended_run_is_found(ended: Log) -> None:
    left = subprocess.Popen(
        [sys.executable, "-c", "input()"],
        stdin=subprocess.PIPE,
        env=os.environ | {ENV_RUN_TOKEN: str(ended.token)},
    )
    try:
        assert wait_until(found) == [("I10", f"run {ended.pk}")]
    finally:
        left.communicate(b"\n")
    assert found() == []


@pytest.mark.process
def test_the_command_says_nothing_when_all_is_well(manage: Manage, ended: Log) -> None:
    done = manage("cron_check", "--state")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.process
def test_the_command_tells_each_finding_and_says_so_by_its_status(
    manage: Manage, ended: Log
) -> None:
    Log.objects.update(success=False)

    done = manage("cron_check", "--state")
    as_json = manage("cron_check", "--state", "--json")

    text = "its success contradicts its status"
    assert (done.returncode, done.stdout) == (1, f"I6 run {ended.pk}: {text}\n")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout) == [
        {"invariant": "I6", "subject": f"run {ended.pk}", "text": text}
    ]
