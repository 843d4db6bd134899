"""The tables are made to agree with the code, and people's changes stay."""

from __future__ import annotations

import io
import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from chroniker.jobs_in_code import discovery, plan, sync
from chroniker.jobs_in_code.plan import Choices
from chroniker.models import Installation, Job, JobDependency, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored

pytestmark = pytest.mark.django_db(transaction=True)

NIGHTLY = {"key": "nightly", "command": "succeed", "cron": "0 4 * * *", "timeout_seconds": 60}


@pytest.fixture(autouse=True)
def only_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the settings declare something, but where a test says otherwise."""
    monkeypatch.setattr(discovery, "_import_all", lambda: iter(()))
    monkeypatch.setattr(discovery, "registered", list)


def declare(settings: Settings, *entries: Any) -> None:
    settings.CHRONIKER_JOBS = list(entries)


def synced(*words: str) -> str:
    out = io.StringIO()
    call_command("cron_sync", "--yes", *words, stdout=out)
    return out.getvalue()


def status_of(*words: str) -> int | str | None:
    try:
        call_command("cron_sync", *words, stdout=io.StringIO())
    except CommandError as error:
        return error.returncode
    except SystemExit as end:
        return end.code
    return 0


def the(key: str = "nightly") -> Job:
    job: Job = Job.objects.get(code_key=key)
    return job


def test_what_is_declared_comes_about_once(settings: Settings) -> None:
    declare(settings, NIGHTLY)

    assert "+ nightly: new job succeed" in synced()

    job = the()
    assert (job.name, job.command, job.cron_expression) == ("succeed", "succeed", "0 4 * * *")
    assert (job.timeout_seconds, job.enabled) == (60, True)
    assert job.next_run is not None
    before = Job.objects.values().get()
    assert synced() == "As declared: 1 job.\n"
    assert Job.objects.values().get() == before


def test_a_dry_run_shows_the_difference_and_writes_nothing(settings: Settings) -> None:
    declare(settings, NIGHTLY)
    assert status_of("--dry-run") == 1
    assert not Job.objects.exists()
    synced()
    assert status_of("--dry-run") == 0


def test_who_cannot_be_asked_has_to_say_yes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(settings, NIGHTLY)
    assert status_of() == 2
    assert not Job.objects.exists()

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for answer, status in (("n", 1), ("y", 0)):
        monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
        assert status_of() == status
        assert Job.objects.exists() is (answer == "y")


def test_code_owns_what_it_declares_and_the_admin_all_else(settings: Settings) -> None:
    declare(settings, NIGHTLY)
    synced()
    job = the()
    job.name, job.priority = "Renamed", 3
    job.save()

    declare(settings, NIGHTLY | {"timeout_seconds": 90})
    said = synced()

    assert "timeout_seconds: 60 → 90" in said
    job = the()
    assert (job.name, job.priority, job.timeout_seconds) == ("Renamed", 3, 90)


def test_what_was_changed_in_the_admin_is_kept_and_said_until_it_is_reset(
    settings: Settings,
) -> None:
    declare(settings, NIGHTLY)
    synced()
    job = the()
    job.timeout_seconds = 5
    job.save()

    kept = "timeout_seconds: 5 was changed here and is kept; code: 60"
    assert kept in synced()
    declare(settings, NIGHTLY | {"timeout_seconds": 90})
    assert "timeout_seconds: 5 was changed here and is kept; code: 90" in synced()
    # It stays somebody's change, whatever was synchronised in between.
    declare(settings, NIGHTLY)
    assert kept in synced()
    assert the().timeout_seconds == 5

    assert "timeout_seconds: 5 → 60" in synced("--reset")
    assert the().timeout_seconds == 60


def test_a_field_that_is_no_longer_declared_is_the_admins_and_keeps_its_value(
    settings: Settings,
) -> None:
    declare(settings, NIGHTLY)
    synced()
    declare(settings, {name: NIGHTLY[name] for name in ("key", "command")})

    said = synced()

    assert "timeout_seconds: no longer declared" in said
    job = the()
    assert (job.timeout_seconds, job.cron_expression) == (60, "0 4 * * *")
    assert set(job.declared) == {"command"}


def test_a_job_gone_from_code_is_disabled_with_prune_and_comes_back(settings: Settings) -> None:
    declare(settings, NIGHTLY)
    synced()
    Log.objects.create(job=the(), run_start_datetime=to_stored(database_now("default")))
    declare(settings)

    assert "? nightly: job" in synced()
    assert the().enabled
    assert "is gone from code, and disabled" in synced("--prune")
    assert not the().enabled
    assert the().code_retired_at is not None
    assert synced("--prune") == "As declared: 0 jobs.\n"
    assert Log.objects.count() == 1

    declare(settings, NIGHTLY)
    assert "enabled: False → True" in synced()
    assert the().enabled
    assert the().code_retired_at is None


def test_a_retired_job_that_somebody_enables_again_is_left_alone(settings: Settings) -> None:
    declare(settings, NIGHTLY)
    synced()
    declare(settings)
    synced("--prune")
    job = the()
    job.enabled = True
    job.save()

    synced("--prune")

    assert the().enabled


def test_deleting_says_how_many_logs_go_and_spares_what_runs(settings: Settings) -> None:
    declare(settings, NIGHTLY)
    synced()
    Log.objects.create(job=the(), run_start_datetime=to_stored(database_now("default")))
    declare(settings)
    assert status_of("--yes", "--delete") == 2
    Job.objects.update(is_running=True)
    assert status_of("--yes", "--prune", "--delete") == 2
    Job.objects.update(is_running=False)

    assert "deleted with 1 logs" in synced("--prune", "--delete")

    assert not Job.objects.exists()


def test_a_job_that_people_made_is_taken_over_with_its_history(settings: Settings) -> None:
    job = Job.objects.create(name="succeed", command="succeed", frequency="DAILY", priority=7)
    Job.objects.create(name="other", command="succeed", frequency="DAILY")
    declare(settings, NIGHTLY)

    assert f"takes over job {job.pk} succeed" in synced()

    assert the().pk == job.pk
    assert (the().priority, the().frequency) == (7, "CRON")
    assert Job.objects.count() == 2


def test_dependencies_are_code_s_where_they_are_declared(settings: Settings) -> None:
    first = {"key": "first", "command": "succeed", "name": "first"}
    second = {"key": "second", "command": "succeed", "name": "second", "depends_on": ["first"]}
    declare(settings, second, first)
    synced()
    own = Job.objects.create(name="own", command="succeed", frequency="DAILY")
    JobDependency.objects.create(dependent=the("second"), dependee=own)

    def dependees() -> set[str]:
        rows = JobDependency.objects.filter(dependent=the("second"))
        return {row.dependee.name for row in rows}

    assert dependees() == {"first", "own"}
    declare(settings, second | {"depends_on": []}, first)
    synced()
    assert dependees() == {"own"}
    declare(settings, second, first)
    synced()
    JobDependency.objects.filter(dependee=the("first")).delete()
    assert "depends_on: [] was changed here and is kept" in synced()
    synced("--reset")
    assert dependees() == {"first", "own"}


def test_a_fault_anywhere_stops_all_of_it(settings: Settings) -> None:
    declare(settings, NIGHTLY, {"command": "succeed", "name": "x", "cron": "bad"})

    with pytest.raises(CommandError, match=r"CHRONIKER_JOBS\[1\]: cron_expression") as refused:
        call_command("cron_sync", "--yes")

    assert refused.value.returncode == 2
    assert not Job.objects.exists()


def test_a_circle_with_the_admins_dependencies_is_refused_and_nothing_is_done(
    settings: Settings,
) -> None:
    first = {"key": "first", "command": "succeed", "name": "first"}
    second = {"key": "second", "command": "succeed", "name": "second"}
    declare(settings, first, second)
    synced()
    JobDependency.objects.create(dependent=the("first"), dependee=the("second"))
    declare(settings, first, second | {"depends_on": "first", "timeout_seconds": 9})

    assert status_of("--yes") == 2
    assert the("second").timeout_seconds == 0


def test_what_was_changed_since_it_was_shown_is_not_overwritten(settings: Settings) -> None:
    declare(settings, NIGHTLY)
    synced()
    declare(settings, NIGHTLY | {"timeout_seconds": 90})
    jobs = plan.all_wanted(discovery.find().declarations)
    shown = plan.make("default", jobs, Choices())
    Job.objects.update(timeout_seconds=5)

    with pytest.raises(sync.Overtaken):
        sync.apply("default", jobs, Choices(), database_now("default"), shown=shown)

    assert the().timeout_seconds == 5


def test_two_at_once_make_one_job(settings: Settings) -> None:
    declare(settings, NIGHTLY)
    jobs = plan.all_wanted(discovery.find().declarations)
    Installation.objects.the_one()
    start, done = threading.Barrier(2), []

    def apply() -> None:
        try:
            start.wait()
            done.append(sync.apply("default", jobs, Choices(), database_now("default")))
        finally:
            connection.close()

    both = [threading.Thread(target=apply) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert Job.objects.count() == 1
    assert sorted(steps[0].kind for steps in done) == ["create", "leave"]


def test_beside_a_run_only_the_definition_is_written(settings: Settings) -> None:
    declare(settings, NIGHTLY)
    synced()
    state = {"is_running": True, "claim_token": "t", "current_hostname": "h", "fence": 3}
    Job.objects.update(**state)
    declare(settings, NIGHTLY | {"timeout_seconds": 90})

    synced()

    assert Job.objects.values(*state).get() == state
    Job.objects.update(is_running=False, claim_token=None)


def test_a_run_that_ends_is_no_change_of_a_job_that_runs_once(settings: Settings) -> None:
    once = {"key": "once", "command": "succeed", "frequency": "ONCE", "name": "once"}
    declare(settings, once | {"next_run": "2030-01-02T03:04:05+00:00"})
    synced()
    assert the("once").next_run == to_stored(datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))
    Job.objects.update(next_run=None)
    assert synced() == "As declared: 1 job.\n"


def test_differences_as_json(settings: Settings) -> None:
    declare(settings, NIGHTLY)
    told = json.loads(synced("--json"))
    assert told["applied"] is True
    assert told["jobs"][0]["kind"] == "create"
    assert {"field": "timeout_seconds", "here": None, "code": 60} in told["jobs"][0]["changes"]
