"""``manage.py cron`` as the system's cron calls it: what it runs, prints, and leaves alone."""

from __future__ import annotations

import os
from ast import literal_eval
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

import chroniker
from chroniker.management.commands.cron import run_cron
from chroniker.models import Host, Job, JobDependency, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored
from tests.running import Manage, due_job, run_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def later(**delta: float) -> Any:
    return to_stored(database_now("default").replace(microsecond=0) + timedelta(**delta))


def job_for_later(name: str, **values: Any) -> Job:
    return due_job(name=name, next_run=later(days=1), **values)


def names_run() -> set[str]:
    return set(Log.objects.values_list("job__name", flat=True))


def everything() -> list[Any]:
    """Every row of every table of ours."""
    return [
        (model.__name__, list(model._default_manager.order_by("pk").values()))
        for model in apps.get_app_config("chroniker").get_models()
    ]


# What it prints


def test_it_prints_nothing_when_there_is_nothing_to_do(manage: Manage) -> None:
    job_for_later("later")

    done = manage("cron")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_prints_nothing_when_all_went_well(manage: Manage) -> None:
    job = due_job("print_lines", "10")

    done = manage("cron")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert run_of(job).success


@pytest.mark.parametrize("louder", [["-v", "2"], ["--verbose"]])
def test_it_tells_each_step_if_asked_to(manage: Manage, louder: list[str]) -> None:
    due_job(name="nightly")

    first, second = manage("cron", *louder), manage("cron", *louder)

    assert "nightly: started" in first.stdout
    assert "nightly: succeeded" in first.stdout
    assert (second.stdout, second.stderr) == ("Nothing is due.\n", "")


def test_a_failed_run_ends_it_with_status_1_and_the_reason(manage: Manage) -> None:
    due_job("exit_with", "3", name="broken")
    due_job(name="good")

    done = manage("cron")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "CommandError: 1 of 2 runs did not succeed: broken (exited with status 3)."
    ]


# --jobs


def test_a_job_id_that_is_none_is_an_error_and_nothing_runs(manage: Manage) -> None:
    due_job()

    done = manage("cron", "--jobs=abc")

    assert (done.returncode, names_run()) == (2, set())
    assert "'abc' is not the id of a job" in done.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["1;2", "-1", ",", " , ", "1,x", "9" * 30, "\u0661", "1.0"])
def test_other_lists_that_name_no_jobs_are_refused_too(text: str) -> None:
    due_job()

    with pytest.raises(CommandError):
        call_command("cron", f"--jobs={text}")
    with pytest.raises(CommandError):
        call_command("cron", jobs=text)
    assert names_run() == set()


def test_an_id_without_a_job_is_refused() -> None:
    due_job()

    with pytest.raises(CommandError, match="there is no job 424242") as caught:
        call_command("cron", "--jobs=424242")

    assert (caught.value.returncode, names_run()) == (2, set())


def test_only_the_named_jobs_run_and_only_if_they_are_due(manage: Manage) -> None:
    one, _two, three = due_job(name="one"), due_job(name="two"), job_for_later("three")

    done = manage("cron", f"--jobs={one.pk}, {three.pk},")

    assert (done.returncode, names_run()) == (0, {"one"})


# --force_run


def test_forcing_leaves_disabled_jobs_and_other_hosts_alone_unless_they_are_named(
    manage: Manage,
) -> None:
    later_one = job_for_later("later")
    disabled = job_for_later("disabled", enabled=False)
    elsewhere = job_for_later("elsewhere", hostname="another-host")
    before = {job.pk: job.next_run for job in Job.objects.all()}

    assert manage("cron", "--force_run").returncode == 0
    assert names_run() == {"later"}
    assert run_of(later_one).trigger == "direct"

    assert manage("cron", "--force_run", f"--jobs={disabled.pk},{elsewhere.pk}").returncode == 0
    assert names_run() == {"later", "disabled", "elsewhere"}
    assert {job.pk: job.next_run for job in Job.objects.all()} == before
    assert not Job.objects.get(pk=disabled.pk).enabled


# --dryrun


@pytest.mark.breaks_invariants("rows of a dead 1.x process, which a dry run must not touch")
def test_a_dry_run_changes_nothing_at_all(manage: Manage, tmp_path: Path, spool_dir: Path) -> None:
    due_job(name="due"), job_for_later("forced"), job_for_later("stale")
    waiting = due_job(name="waiting")
    JobDependency.objects.create(dependent=waiting, dependee=Job.objects.get(name="due"))
    Job.objects.filter(name="forced").update(force_run=True)
    Job.objects.filter(name="stale").update(
        is_running=True, current_pid=str(os.getpid()), last_heartbeat=later(days=-1)
    )
    manage.set(CHRONIKER_USE_PID=True, CHRONIKER_PID_FN=str(tmp_path / "pid"))
    before = everything()

    done = manage("cron", "--dryrun")

    assert done.returncode == 0
    assert {line.split(" ", 3)[3] for line in done.stdout.splitlines()} == {"due", "forced"}
    assert everything() == before
    assert not (tmp_path / "pid").exists()
    assert not spool_dir.exists() or not list(spool_dir.iterdir())


def test_a_dry_run_tells_what_forcing_would_run(manage: Manage) -> None:
    job = job_for_later("later")

    done = manage("cron", "--dryrun", "--force_run")

    assert done.stdout == f"Would run: {job.pk} later\n"
    assert names_run() == set()


# Other options


def test_in_sync_all_jobs_run_in_its_own_process(manage: Manage) -> None:
    for name in ("one", "two"):
        due_job("show_environment", name=name)

    process = manage.start("cron", "--sync")
    out, err = process.communicate(timeout=120)

    assert (process.returncode, err) == (0, "")
    assert {log.pid for log in Log.objects.all()} == {process.pid}
    assert all(log.success and log.stdout for log in Log.objects.all())
    assert "CHRONIKER_JOB_ID" not in out


def test_a_job_that_fails_in_sync_is_in_its_log_only(manage: Manage) -> None:
    job = due_job("fail")

    done = manage("cron", "--sync", "--name=label")

    assert (done.returncode, done.stderr) == (0, "")
    assert (run_of(job).success, "RuntimeError" in run_of(job).stderr) == (False, True)


def test_a_run_without_a_heartbeat_still_reports_its_progress(manage: Manage) -> None:
    job = due_job("report_progress", "7")

    assert manage("cron", "--update_heartbeat=0").returncode == 0

    job.refresh_from_db()
    assert (job.total_parts, job.total_parts_complete) == (7, 7)
    assert run_of(job).success


def test_a_spool_that_cannot_be_used_is_told_in_one_line(manage: Manage, tmp_path: Path) -> None:
    due_job()
    (tmp_path / "file").write_text("")
    manage.set(CHRONIKER_USE_PID=True, CHRONIKER_PID_FN=str(tmp_path / "file" / "pid"))

    done = manage("cron")

    assert done.returncode == 78
    assert done.stderr.count("\n") == 1
    assert "CHRONIKER_PID_FN" in done.stderr


# For code


def test_run_cron_takes_what_it_took_in_1_x_and_counts_what_failed() -> None:
    due_job(name="good")
    bad = due_job("fail", name="bad")

    assert run_cron([bad.pk], False, False, True) == 0
    assert run_cron(None, 0, False, False, False, False) == 1
    assert run_cron(jobs=[bad.pk], update_heartbeat=False, force_run=True, sync=True) == 1
    assert bad.logs.count() == 2
    assert run_cron() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("shape", ["'{} , '", "{}", "[{}]", "('{}',)"])
def test_call_command_takes_ids_in_every_shape(shape: str) -> None:
    one, _other = due_job(name="one"), due_job(name="other")
    jobs = shape.format(one.pk)

    call_command("cron", jobs=literal_eval(jobs), sync=True)

    assert names_run() == {"one"}


# That it was here


def test_each_tick_is_noted_whether_anything_is_due_or_not(manage: Manage) -> None:
    before = database_now("default")
    job_for_later("later")
    manage("cron")
    idle = Host.objects.get()
    due_job()
    manage("cron")
    busy = Host.objects.get()

    for host in (idle, busy):
        ticked = to_instant(host.last_tick)
        assert ticked is not None
        assert ticked >= before.replace(microsecond=0)
        assert host.version == chroniker.__version__
    assert busy.last_tick != idle.last_tick


@pytest.mark.parametrize("limited", [["--jobs=1"], ["--dryrun"]])
def test_what_looks_at_some_jobs_only_is_no_tick(manage: Manage, limited: list[str]) -> None:
    due_job(pk=1)

    assert manage("cron", *limited).returncode == 0

    assert not Host.objects.filter(last_tick__isnull=False).exists()
