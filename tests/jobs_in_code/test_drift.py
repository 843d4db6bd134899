"""What no longer agrees, between the tables and the code, is named before it is due."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from pytest_django import Settings

from chroniker.jobs_in_code import discovery
from chroniker.models import Host, Installation, Job, JobDependency
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("rows are read as everywhere"),
]

NIGHTLY = {"key": "nightly", "command": "succeed", "cron": "0 4 * * *", "timeout_seconds": 60}


@pytest.fixture(autouse=True)
def only_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the settings declare something, but where a test says otherwise."""
    monkeypatch.setattr(discovery, "_import_all", lambda: iter(()))
    monkeypatch.setattr(discovery, "registered", list)


def found(*, databases: list[str] | None = None) -> list[tuple[str, str]]:
    messages = run_checks(databases=["default"] if databases is None else databases)
    ours = [one for one in messages if (one.id or "").startswith(("chroniker.W02", "chroniker.E"))]
    ours += [one for one in messages if one.id == "chroniker.W009"]
    return [((one.id or "").removeprefix("chroniker."), one.msg) for one in ours]


def written(**values: Any) -> Job:
    """A job with values that a form would refuse, or that were right once."""
    job = due_job()
    Job.objects.filter(pk=job.pk).update(**values)
    return job


@pytest.mark.parametrize(
    ("values", "code", "said"),
    [
        ({"command": "gone"}, "W020", "runs the command 'gone', which is gone."),
        ({"args": "--no-such"}, "W021", "has arguments that succeed does not take: "),
        ({"command": "run_function", "args": "no.such"}, "W021", "No function is declared as"),
        ({"hostname": "old"}, "W022", "is for the host 'old', on which no scheduler has ever"),
        ({"timezone": "Mars/North"}, "W023", "has a schedule that cannot be used: "),
        ({"frequency": "CRON", "cron_expression": "x"}, "W023", "has a schedule that cannot be"),
    ],
)
def test_a_job_that_could_not_run_is_named(values: dict[str, Any], code: str, said: str) -> None:
    job = written(**values)

    ((which, message),) = found()

    assert which == code
    assert message.startswith(f"Job {job.pk} (succeed) ")
    assert said in message
    assert found(databases=[]) == []  # without --database no table is read
    Job.objects.update(enabled=False)
    assert found() == []


def test_sound_jobs_and_hosts_that_were_seen_are_passed_over() -> None:
    Host.objects.create(hostname="other")
    for values in ({}, {"hostname": "other"}, {"hostname": "*"}, {"args": "{job_id}"}):
        written(**values)
    Job.objects.filter(args="{job_id}").update(command="echo_args")
    assert found() == []


def test_a_circle_is_named() -> None:
    one, other = due_job(), due_job(name="other")
    JobDependency.objects.bulk_create(
        JobDependency(dependent=a, dependee=b) for a, b in ((one, other), (other, one))
    )
    assert {which for which, _ in found()} == {"W009"}
    assert "would wait for each other" in found()[0][1]


def test_declared_and_not_synced_or_edited_or_gone(settings: Settings) -> None:
    settings.CHRONIKER_JOBS = [NIGHTLY]
    assert [which for which, _ in found()] == ["W025"]
    call_command("cron_sync", "--yes", stdout=io.StringIO())
    assert found() == []

    Job.objects.update(timeout_seconds=5)
    ((which, message),) = found()
    assert (which, message.endswith("was changed in the admin: timeout_seconds.")) == ("W024", True)

    settings.CHRONIKER_JOBS = [NIGHTLY | {"cron": "0 5 * * *"}]
    assert [which for which, _ in found()] == ["W025", "W024"]

    settings.CHRONIKER_JOBS = []
    ((which, message),) = found()
    assert (which, "gone from code" in message) == ("W026", True)


def test_a_faulty_declaration_is_an_error_and_no_reason_to_prune(settings: Settings) -> None:
    settings.CHRONIKER_JOBS = [NIGHTLY]
    call_command("cron_sync", "--yes", stdout=io.StringIO())
    settings.CHRONIKER_JOBS = [NIGHTLY | {"cron": "x"}]
    assert [which for which, _ in found()] == ["E020"]
    assert found(databases=[])[0][1].startswith("CHRONIKER_JOBS[0]: cron_expression")

    settings.CHRONIKER_JOBS = 3
    assert [which for which, _ in found()] == ["E001"]


def test_tables_of_another_installation_are_named() -> None:
    Installation.objects.create(name="production", pk=1)
    ((which, message),) = found()
    assert which == "W027"
    assert "“production”" in message


def test_a_module_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(discovery, "_modules_of", lambda _app: ["no.such.jobs"])
    faults = discovery.find().faults
    assert faults[0].startswith("no.such.jobs cannot be imported: ModuleNotFoundError")
