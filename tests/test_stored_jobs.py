"""Jobs whose runs could not begin are named before they are due."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks

from chroniker import stored_jobs
from chroniker.models import Job, JobDependency
from chroniker.moments import to_stored
from tests.running import due_job

pytestmark = pytest.mark.django_db


def found() -> list[CheckMessage]:
    ours = ("chroniker.W007", "chroniker.W008", "chroniker.W009")
    return [one for one in run_checks(databases=["default"]) if one.id in ours]


def written(**values: Any) -> Job:
    """A job with values that a form would refuse, or that were right once."""
    job = due_job()
    Job.objects.filter(pk=job.pk).update(**values)
    return job


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A=1\nKEY=@setting:GONE", "KEY=@setting:GONE: there is no setting GONE"),
        ("KEY=@env:GONE", "KEY=@env:GONE: the scheduler has no such variable"),
        ("KEY=@file:/gone", "KEY=@file:/gone: it cannot be read: No such file or directory"),
        ("KEY", "Line 1: write NAME=value, or a # before a remark."),
    ],
)
def test_a_reference_that_cannot_be_looked_up_is_named_with_its_job(text: str, said: str) -> None:
    job = written(environment=text)

    (message,) = found()

    assert message.id == "chroniker.W007"
    assert message.msg == f"Job {job.pk} (succeed) could not be started by this user here: {said}"
    assert run_checks() == []  # without --database no table is read


@pytest.mark.parametrize("values", [{"enabled": False}, {"hostname": "elsewhere"}, {}])
def test_jobs_that_this_host_does_not_run_and_sound_ones_are_passed_over(
    values: dict[str, Any],
) -> None:
    written(environment="KEY=@setting:GONE" if values else "KEY=@setting:ROOT_URLCONF", **values)

    assert found() == []


def test_a_limit_that_the_system_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    job = written(memory_limit_mb=100)
    assert found() == []

    monkeypatch.setattr(stored_jobs, "can_limit_memory", lambda: False)

    (message,) = found()
    assert message.id == "chroniker.W008"
    assert message.msg.startswith(f"Job {job.pk} (succeed) limits its memory to 100 MB")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"misfire_policy": "backfill", "overlap_policy": "restart"}, "dates would be lost"),
        (
            {
                "active_from": to_stored(datetime(2030, 2, 1, tzinfo=UTC)),
                "active_until": to_stored(datetime(2030, 1, 1, tzinfo=UTC)),
            },
            "not after the start",
        ),
        ({"weight": 1000}, "its weight is 1000, and this host carries"),
        ({"frequency": "CHAINED", "next_run": None}, "waits for none"),
    ],
)
def test_rules_that_contradict_each_other_are_named(values: dict[str, Any], said: str) -> None:
    job = written(**values)

    (one,) = found()

    assert one.id == "chroniker.W009"
    assert said in one.msg
    assert f"Job {job.pk}" in one.msg


def test_jobs_that_wait_for_each_other_are_named() -> None:
    first, second = due_job(name="first"), due_job(name="second")
    JobDependency.objects.create(dependent=first, dependee=second)
    JobDependency.objects.bulk_create([JobDependency(dependent=second, dependee=first)])

    assert {one.id for one in found()} == {"chroniker.W009"}
    assert all("wait for each other" in one.msg for one in found())


def test_disabled_jobs_are_left_alone() -> None:
    written(weight=1000, enabled=False)

    assert found() == []
