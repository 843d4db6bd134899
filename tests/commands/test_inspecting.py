"""cron_list, cron_show, cron_next and cron_check: for people and for programs."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chroniker.constants import Status
from chroniker.models import Host, Job, JobDependency, JobHost, Log, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("logs and states are made by hand"),
]


def called(name: str, *words: object, status: int = 0) -> str:
    out = io.StringIO()
    assert _status(name, words, out) == status
    return out.getvalue()


def _status(name: str, words: tuple[object, ...], out: io.StringIO) -> Any:
    try:
        call_command(name, *map(str, words), stdout=out)
    except SystemExit as end:
        return end.code
    except CommandError as error:
        return error.returncode
    return 0


def as_json(name: str, *words: object) -> Any:
    return json.loads(called(name, *words, "--json"))


def ago(**length: float) -> Any:
    return to_stored(database_now("default") - timedelta(**length))


def ran(job: Job, *statuses: Status) -> None:
    """Logs of this job, the last one an hour ago; the state follows the last."""
    for age, status in enumerate(reversed(statuses), start=1):
        Log.objects.create(
            job=job,
            status=status,
            success=status == Status.SUCCEEDED,
            run_start_datetime=ago(hours=age),
            run_end_datetime=ago(hours=age, minutes=-5),
            stderr="Traceback\nValueError: no such file\n",
            reason="exited with status 1",
        )
    good = statuses[-1] == Status.SUCCEEDED
    Job.objects.filter(pk=job.pk).update(last_run=ago(hours=1), last_run_successful=good)


# Row: List jobs with state
def test_the_list_tells_state_schedule_times_and_errors_in_80_columns() -> None:
    far = to_stored(database_now("default") + timedelta(hours=5, minutes=1))
    job = due_job(name="nightly " * 20, frequency="CRON", cron_expression="0 2 * * *")
    Job.objects.filter(pk=job.pk).update(next_run=far)
    ran(job, Status.SUCCEEDED, Status.FAILED, Status.FAILED)
    due_job(name="off", enabled=False)

    out = called("cron_list")

    assert all(len(line) <= 80 for line in out.splitlines())
    head, first, schedule, second, _daily = out.splitlines()
    assert head.split() == ["ID", "NAME", "STATE", "LAST", "NEXT", "ERRORS"]
    assert first.split()[0] == str(job.pk)
    assert "…" in first
    assert "Failed ×2" in first
    assert "1 hour ago" in first
    assert "in 5 hours" in first
    assert first.endswith(" 2")
    assert "02:00" in schedule
    assert "Disabled" in second
    assert "nightly " * 19 in called("cron_list", "--wide")


def test_programs_get_stable_keys_and_utc() -> None:
    job = due_job(name="a", group="g", enabled=False)
    (one,) = as_json("cron_list")
    assert one["id"] == job.pk
    assert (one["state"], one["group"], one["errors_in_a_row"]) == ("disabled", "g", 0)
    assert one["last_run"] is one["next_run"] is None
    Job.objects.update(enabled=True)
    (one,) = as_json("cron_list")
    assert datetime.fromisoformat(one["next_run"]).utcoffset() == timedelta(0)


def test_the_list_is_narrowed_by_names_groups_hosts_and_states() -> None:
    due_job(name="a", group="g")
    due_job(name="b", hostname="web1")
    due_job(name="c", enabled=False)

    def names(*words: str) -> list[str]:
        return [one["name"] for one in as_json("cron_list", *words)]

    assert names() == ["a", "b", "c"]
    assert names("c", "a") == ["a", "c"]
    assert names("--group", "g") == ["a"]
    assert names("--host", "web2") == ["a", "c"]
    assert names("--state", "disabled") == ["c"]
    assert "no such job" in called("cron_list", "--group", "none")


def test_a_name_that_several_jobs_have_is_answered_with_their_ids() -> None:
    jobs = [due_job(name="twin") for _ in range(2)]
    for command in ("cron_show", "cron_why", "cron_stop", "cron_done", "cron_tail", "cron_reset"):
        with pytest.raises(CommandError) as refused:
            call_command(command, "twin")
        assert refused.value.returncode == 2
        assert f"{jobs[0].pk}, {jobs[1].pk}" in str(refused.value)


def test_text_that_would_steer_a_terminal_is_made_visible() -> None:
    due_job(name="a\x1b[2Jb", description="x\x1b]0;title\x07")
    assert "\x1b" not in called("cron_list") + called("cron_show", "a\x1b[2Jb")


def test_one_job_is_shown_with_what_keeps_it_its_runs_and_its_error() -> None:
    job = due_job(name="a", environment="TOKEN=secret-value\nMODE=fast", hostname="elsewhere")
    ran(job, Status.SUCCEEDED, Status.FAILED)
    other = due_job(name="b")
    JobDependency(dependent=job, dependee=other).save()

    out = called("cron_show", "a")

    for words in ("elsewhere only", "TOKEN, MODE", "b", "Failed", "ValueError: no such file"):
        assert words in out
    assert "secret-value" not in out
    found = as_json("cron_show", job.pk)
    assert [run["status"] for run in found["runs"]] == ["failed", "succeeded"]
    assert found["waits_for"] == [other.pk]
    assert "host" in [gate["gate"] for gate in found["shut_gates"]]
    assert "secret-value" not in json.dumps(found)


# cron_next


def test_what_will_run_follows_dependencies_pauses_and_usual_lengths() -> None:
    now = database_now("default")
    soon = to_stored((now + timedelta(minutes=10)).replace(microsecond=0))
    first = due_job(name="first", next_run=soon)
    second = due_job(name="second", next_run=soon)
    paused = due_job(name="paused", next_run=soon)
    Pause.objects.create(job=paused, starts_at=ago(hours=1))
    JobDependency(dependent=second, dependee=first).save()
    ran(first, Status.SUCCEEDED)  # in 5 minutes

    runs = as_json("cron_next")

    assert [run["name"] for run in runs[:2]] == ["first", "second"]
    starts = [datetime.fromisoformat(run["starts"]) for run in runs]
    assert starts[1] - starts[0] == timedelta(minutes=5)
    assert "paused" not in {run["name"] for run in runs}
    assert Job.objects.filter(is_running=True).count() == 0
    assert [run["name"] for run in as_json("cron_next", "--job", "second")] == ["second"]


def test_a_time_far_off_is_foreseen_as_if_all_had_run_until_then() -> None:
    due_job(name="mail", frequency="CRON", cron_expression="0 6 * * 1", timezone="UTC")
    words = ("--from", "2100-01-01T00:00+00:00", "--to", "2100-01-20T00:00+00:00")
    starts = [run["starts"] for run in as_json("cron_next", *words)]
    expected = ["2100-01-04T06:00:00+00:00", "2100-01-11T06:00:00+00:00"]
    assert starts == [*expected, "2100-01-18T06:00:00+00:00"]
    out = called("cron_next", *words, "-n", "2")
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "and more" in out


def test_nothing_to_run_is_status_1_and_wrong_spans_are_2() -> None:
    due_job(name="off", enabled=False)
    assert called("cron_next", status=1) == "Nothing will run.\n"
    called("cron_next", "--from", "2001-01-01", status=2)
    called("cron_next", "--from", "2100-01-02", "--to", "2100-01-01", status=2)
    called("cron_next", "--job", "nobody", status=2)


def test_jobs_of_all_hosts_missed_dates_and_retries_are_foreseen() -> None:
    now = database_now("default").replace(microsecond=0)
    every = due_job(name="everywhere", hostname="*", next_run=to_stored(now + timedelta(hours=1)))
    late = due_job(
        name="skips",
        next_run=ago(hours=2),
        misfire_policy="skip",
        misfire_grace_seconds=60,
        frequency="HOURLY",
    )
    retried = due_job(name="retried")
    Job.objects.filter(pk=retried.pk).update(
        attempt=1, retry_at=to_stored(now + timedelta(hours=3))
    )
    by_name: dict[str, Any] = {}
    for run in as_json("cron_next"):
        by_name.setdefault(run["name"], run)
    assert by_name["everywhere"]["job"] == every.pk
    assert by_name["skips"]["job"] == late.pk
    assert datetime.fromisoformat(by_name["skips"]["starts"]) > now
    assert by_name["retried"]["trigger"] == "retry"
    assert by_name["retried"]["starts"].startswith(f"{now + timedelta(hours=3):%Y-%m-%dT%H:%M}")


# cron_check


# Row: Check configuration
def test_definitions_that_could_not_run_are_named_each_with_its_fault() -> None:
    call_command("cron_sync", "--yes", stdout=io.StringIO())
    good, bad, gone = due_job(name="good"), due_job(name="bad"), due_job(name="gone")
    assert called("cron_check", "--definitions") == ""
    Job.objects.filter(pk=bad.pk).update(frequency="CRON", cron_expression="61 * * * *")
    Job.objects.filter(pk=gone.pk).update(command="no_such_command")

    out = called("cron_check", "--definitions", status=1)

    assert good.name not in out
    assert "(bad)" in out
    assert "61" in out
    assert "no_such_command" in out


# Row: Find ghosts
def test_ghosts_are_found() -> None:
    call_command("cron_sync", "--yes", stdout=io.StringIO())
    job = due_job(name="everywhere", hostname="*")
    JobHost.objects.create(job=job, hostname="gone-host")
    found = called("cron_check", "--definitions", status=1)
    assert f"ghost job {job.pk} on gone-host" in found
    Host.objects.create(hostname="gone-host")
    assert called("cron_check", "--definitions") == ""
