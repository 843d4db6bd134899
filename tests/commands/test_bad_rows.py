"""Rows that nobody validated: each is a fault of its own job, and of no other."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, connection, transaction

from chroniker.models import Job
from tests.running import Manage, due_job, run_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

UNSCHEDULABLE: dict[str, dict[str, Any]] = {
    "unknown frequency": {"frequency": "ZZZ"},
    "unknown key": {"params": "nonsense:5"},
    "junk": {"params": "byhour:twelve"},
    "until junk": {"params": "until:junk"},
    "unknown zone": {"timezone": "Mars/Olympus"},
    "cron junk": {"frequency": "CRON", "cron_expression": "61 * * * *"},
    "no cron": {"frequency": "CRON", "cron_expression": ""},
}
UNRUNNABLE: dict[str, dict[str, Any]] = {
    "no such command": {"command": "no_such_command"},
    "no command": {"command": "", "raw_command": None},
    "unbalanced": {"args": "don't"},
    "wrong option": {"args": "--no-such-option"},
    "no such program": {"command": "", "raw_command": "/no/such/program"},
}


def spoilt(rows: dict[str, dict[str, Any]]) -> None:
    for name, values in rows.items():
        Job.objects.filter(pk=due_job(name=name).pk).update(**values)


def test_a_schedule_that_cannot_be_read_is_marked_and_runs_no_more(manage: Manage) -> None:
    spoilt(UNSCHEDULABLE)
    good = due_job(name="zz good")

    first = manage("cron")
    second = manage("cron", "-v", "2")

    assert run_of(good).success
    for job in Job.objects.filter(name__in=UNSCHEDULABLE):
        assert job.error, job.name
        assert not job.is_due(), job.name
        assert not job.is_running, job.name
        assert job.logs.count() <= 1, job.name
    assert "Traceback" not in first.stderr
    assert (second.returncode, second.stdout) == (0, "Nothing is due.\n")
    assert Job.objects.get(pk=good.pk).error is None


def test_a_job_that_cannot_be_run_fails_says_why_and_is_due_at_its_next_time(
    manage: Manage,
) -> None:
    spoilt(UNRUNNABLE)
    good = due_job(name="zz good")

    done = manage("cron")

    assert done.returncode == 1
    assert run_of(good).success
    for job in Job.objects.filter(name__in=UNRUNNABLE):
        log = run_of(job)
        assert log.status == "failed", job.name
        assert log.reason, job.name
        assert log.stderr, job.name
        assert job.next_run is not None
        assert not job.is_due(), job.name


def test_ten_megabytes_of_arguments_are_refused_by_their_run_alone(manage: Manage) -> None:
    huge, good = due_job(name="huge"), due_job(name="good")
    try:
        with transaction.atomic():
            Job.objects.filter(pk=huge.pk).update(args="x" * 10_000_000)
    except DataError:
        pytest.skip(f"{connection.vendor} stores no more than the column takes")

    manage("cron")

    assert run_of(good).success
    log = run_of(huge)
    assert (log.status, log.exit_code) == ("failed", 2)
    assert "10,000,000 characters" in log.stderr
    assert len(log.arguments or "") < 100_000
    assert len(log.stderr) < 1000


def test_a_raw_command_does_not_run_where_those_are_disabled(manage: Manage) -> None:
    job = due_job("", raw_command="echo should not be seen")
    manage.set(CHRONIKER_DISABLE_RAW_COMMAND=True)

    assert manage("cron").returncode == 1

    log = run_of(job)
    assert (log.success, log.stdout) == (False, "")
    assert "CHRONIKER_DISABLE_RAW_COMMAND" in log.stderr + (log.reason or "")
