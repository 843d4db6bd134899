"""dumpdata and loaddata, with keys and with natural keys, and fixtures written for 1.x."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import override_settings

from chroniker.models import Job, JobDependency, Log
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("logs are made by hand"),
]

JOB_OF_1_X: dict[str, Any] = {
    "name": "Nightly",
    "frequency": "DAILY",
    "params": None,
    "command": "succeed",
    "args": "",
    "raw_command": None,
    "enabled": True,
    "next_run": None,
    "jitter_seconds": 0,
    "last_run_start_timestamp": None,
    "last_run": None,
    "last_heartbeat": None,
    "is_running": False,
    "last_run_successful": None,
    "email_errors_to_subscribers": True,
    "email_success_to_subscribers": False,
    "lock_file": "",
    "force_run": False,
    "force_stop": False,
    "timeout_seconds": 0,
    "hostname": None,
    "current_hostname": None,
    "current_pid": None,
    "total_parts_complete": 0,
    "total_parts": 0,
    "is_monitor": False,
    "monitor_url": None,
    "monitor_error_template": "{{ stderr }}",
    "monitor_description": None,
    "monitor_records": None,
    "maximum_log_entries": 1000,
    "log_stdout": True,
    "log_stderr": True,
    "subscribers": [],
}


def dumped(*models: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("dumpdata", *models, stdout=out, **options)
    return out.getvalue()


def load(tmp_path: Path, rows: str | list[dict[str, Any]]) -> None:
    fixture = tmp_path / "fixture.json"
    fixture.write_text(rows if isinstance(rows, str) else json.dumps(rows))
    call_command("loaddata", fixture, verbosity=0)


def filled() -> None:
    """Three jobs, one that waits for another, one with a log, one with a subscriber."""
    user = get_user_model().objects.create_user("ann", is_staff=True)
    first, second = due_job(name="first"), due_job(name="second")
    due_job(name="third", params="byhour:9", enabled=False).subscribers.add(user)
    JobDependency.objects.create(dependent=second, dependee=first, wait_for_success=False)
    Log.objects.create(job=first, stdout="hello", status="succeeded")


def contents() -> list[Any]:
    return [
        list(Job.objects.order_by("name").values()),
        list(JobDependency.objects.values("dependent", "dependee", "wait_for_success")),
        list(Log.objects.values("job", "stdout", "status", "success")),
        list(Job.subscribers.through.objects.values("job", "user")),
    ]


def test_what_was_dumped_can_be_loaded_into_an_empty_database(tmp_path: Path) -> None:
    filled()
    before, fixture = contents(), dumped("chroniker")
    Job.objects.all().delete()

    load(tmp_path, fixture)

    assert contents() == before


def test_natural_keys_find_jobs_whose_keys_are_others_here(tmp_path: Path) -> None:
    filled()
    fixture = dumped("chroniker", use_natural_foreign_keys=True, use_natural_primary_keys=True)
    Job.objects.all().delete()
    due_job(name="in between")
    existing = due_job(name="second", args="--verbosity=2")

    load(tmp_path, fixture)

    jobs = [row for row in json.loads(fixture) if row["model"] == "chroniker.job"]
    assert not any("pk" in job for job in jobs)
    dependency = JobDependency.objects.get()
    assert (dependency.dependent, dependency.dependee.name) == (existing, "first")
    assert Job.objects.get(pk=existing.pk).args == ""
    assert Log.objects.get().job.name == "first"
    assert list(Job.objects.get(name="third").subscribers.all()) == [
        get_user_model().objects.get(username="ann")
    ]


@override_settings(CHRONIKER_JOB_NK=("name", "command"))
def test_a_natural_key_of_two_fields_is_dumped_and_loaded(tmp_path: Path) -> None:
    one, other = due_job("succeed", name="same"), due_job("fail", name="same")
    Log.objects.create(job=other)
    fixture = dumped("chroniker.log", use_natural_foreign_keys=True)
    Log.objects.all().delete()

    load(tmp_path, fixture)

    assert (one.logs.count(), other.logs.count()) == (0, 1)


@pytest.mark.parametrize("missing", [[], ["jitter_seconds"], ["jitter_seconds", "subscribers"]])
def test_a_fixture_of_1_x_is_taken_as_it_is(tmp_path: Path, missing: list[str]) -> None:
    fields = {name: value for name, value in JOB_OF_1_X.items() if name not in missing}
    load(tmp_path, [{"model": "chroniker.job", "pk": 7, "fields": fields}])

    job = Job.objects.get(pk=7)
    for name in set(fields) - {"subscribers"}:
        assert getattr(job, name) == fields[name], name
    assert not job.is_due()


def test_a_short_fixture_by_hand_is_filled_in(tmp_path: Path) -> None:
    fields = {"name": "short", "frequency": "DAILY", "raw_command": "true"}
    load(tmp_path, [{"model": "chroniker.job", "fields": fields}])
    job = Job.objects.get()
    job.save()

    assert Job.objects.get().next_run is not None
    assert Job.objects.get().revision == 0


def test_dependencies_of_a_fixture_may_name_jobs_by_their_natural_keys(tmp_path: Path) -> None:
    rows = [
        {"model": "chroniker.job", "fields": JOB_OF_1_X | {"name": name}} for name in ("a", "b")
    ]
    link = {"dependent": ["b"], "dependee": ["a"], "wait_for_completion": True}
    load(tmp_path, [*rows, {"model": "chroniker.jobdependency", "fields": link}])

    dependency = JobDependency.objects.get()
    assert (dependency.dependent.name, dependency.dependee.name) == ("b", "a")


def test_logs_of_a_fixture_of_1_x_have_a_state(tmp_path: Path) -> None:
    fields = {
        "job": ["Nightly"],
        "run_start_datetime": f"2024-05-05T05:05:05{'Z' if settings.USE_TZ else ''}",
        "run_end_datetime": f"2024-05-05T05:05:15{'Z' if settings.USE_TZ else ''}",
        "duration_seconds": 10,
        "stdout": "out",
        "stderr": "",
        "hostname": "old",
        "success": True,
        "on_time": True,
    }
    load(
        tmp_path,
        [
            {"model": "chroniker.job", "fields": JOB_OF_1_X},
            {"model": "chroniker.log", "fields": fields},
        ],
    )

    assert (Log.objects.get().state, Log.objects.get().duration_str()) == (
        "succeeded",
        "00:00:00:10",
    )
