"""What a run finds when it begins: variables, folder, limits; and what it has taken up."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from chroniker.context import CurrentRun, get_current_run
from chroniker.dispatch import recovery
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from chroniker.runs import preparation
from chroniker.runs.spool import Spool
from tests.running import Manage, due_job, printed_so_far, run_due, run_of, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.process,
    pytest.mark.one_database("what a run is given, and what its process makes of it"),
]

ways = pytest.mark.parametrize("carry_out", ["process", "inline"])


def carried_out(job: Job, way: str) -> Log:
    """The log of this job's only run."""
    if way == "process":
        run_due()
    else:
        job.run()
    return run_of(job)


def told(log: Log) -> dict[str, str | None]:
    """What ``show_environment`` printed."""
    assert log.status == "succeeded", (log.reason, log.stderr)
    said: dict[str, str | None] = json.loads(log.stdout)
    return said


# Variables


@ways
def test_a_command_finds_the_variables_of_its_job_and_of_its_run(carry_out: str) -> None:
    job = due_job("show_environment", "REGION AT", environment="REGION=eu\n#\nAT=@@x")

    log = carried_out(job, carry_out)

    assert log.scheduled_for is not None
    assert told(log) == {
        "CHRONIKER_JOB_ID": str(job.pk),
        "CHRONIKER_RUN_ID": str(log.pk),
        "CHRONIKER_SCHEDULED_FOR": log.scheduled_for.isoformat(),
        "CHRONIKER_BACKFILL": "0",
        "REGION": "eu",
        "AT": "@x",
        "folder": str(Path.cwd()),
    }


def test_a_run_for_a_date_that_was_ordered_knows_that_it_is_one() -> None:
    tomorrow = to_stored(database_now("default") + timedelta(days=1))
    job = due_job("show_environment", next_run=tomorrow)
    call_command("cron_backfill", job.name, "--from", "2020-01-01", "--to", "2020-01-01")

    run_due()

    assert told(run_of(job))["CHRONIKER_BACKFILL"] == "1"


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_process_that_is_not_forked_finds_them_as_well(
    manage: Manage, method: str, tmp_path: Path
) -> None:
    manage.set(CHRONIKER_START_METHOD=method, CHRONIKER_ENV_INHERIT=["HOME"])
    job = due_job(
        "show_environment",
        "REGION PATH HOME DJANGO_SETTINGS_MODULE",
        environment="REGION=eu",
        working_directory=str(tmp_path),
    )

    done = manage("cron")

    assert done.returncode == 0, done.stderr
    said = told(run_of(job))
    assert (said["REGION"], said["PATH"], said["folder"]) == ("eu", None, str(tmp_path))
    assert said["HOME"] == os.environ["HOME"]
    assert said["DJANGO_SETTINGS_MODULE"] == os.environ["DJANGO_SETTINGS_MODULE"]


def test_a_program_finds_them_as_well(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHRONIKER_ENV_INHERIT = "allow-list"
    monkeypatch.setenv("OUTER", "x")
    monkeypatch.setenv("LANG", "C.UTF-8")
    job = due_job("", raw_command="/usr/bin/env", environment="REGION=eu\nLANG=C")

    run_due()

    lines = dict(line.split("=", 1) for line in run_of(job).stdout.splitlines())
    assert (lines["REGION"], lines["LANG"]) == ("eu", "C")
    assert lines["CHRONIKER_RUN_TOKEN"] == run_of(job).token
    assert "OUTER" not in lines
    assert set(lines) <= {
        *("PATH", "LANG", "HOME", "USER", "LC_NAME", "LC_TIME", "PWD", "REGION"),
        *("DJANGO_SETTINGS_MODULE", "PYTHONUNBUFFERED"),
        *(name for name in lines if name.startswith("CHRONIKER_")),
    }


def provide(current: CurrentRun) -> dict[str, str]:
    """A provider that knows the run, and says when it is called."""
    assert get_current_run() is current
    sys.stdout.write(f"asked by {os.getpid()}\n")
    return {"FROM_CODE": f"job {current.job_id}", "REGION": "of code", "OUTER": "of code"}


def provide_more(_current: CurrentRun) -> dict[str, str]:
    return {"OUTER": "of the second"}


@ways
def test_code_gives_variables_which_stand_between_inherited_ones_and_the_jobs_own(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, carry_out: str
) -> None:
    settings.CHRONIKER_ENV_PROVIDERS = [f"{__name__}.provide", f"{__name__}.provide_more"]
    monkeypatch.setenv("OUTER", "inherited")
    job = due_job("show_environment", "FROM_CODE REGION OUTER", environment="REGION=of the job")

    log = carried_out(job, carry_out)

    asked, said = log.stdout.splitlines()
    assert asked == f"asked by {log.pid}"
    values = json.loads(said)
    assert values["FROM_CODE"] == f"job {job.pk}"
    assert (values["REGION"], values["OUTER"]) == ("of the job", "of the second")


def fail(_current: CurrentRun) -> dict[str, str]:
    raise LookupError("the vault\0 is locked")


def give_up(_current: CurrentRun) -> dict[str, str]:
    sys.exit("no")


def give_a_number(_current: CurrentRun) -> dict[str, Any]:
    return {"A": 1}


def give_a_token(_current: CurrentRun) -> dict[str, Any]:
    return {"CHRONIKER_RUN_TOKEN": "x"}


def give_nothing(_current: CurrentRun) -> None:
    return None


@ways
@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (fail, "failed: LookupError: the vault␀ is locked"),
        (give_up, "failed: SystemExit: no"),
        (give_a_number, "A: names and values have to be str"),
        (give_a_token, "CHRONIKER_RUN_TOKEN is set by the scheduler itself"),
        (give_nothing, "gave no mapping, but NoneType"),
    ],
)
def test_a_provider_that_fails_ends_its_run_with_the_reason(
    settings: Settings, carry_out: str, provider: Callable[..., Any], said: str
) -> None:
    settings.CHRONIKER_ENV_PROVIDERS = [f"{__name__}.{provider.__name__}"]
    job = due_job("succeed")

    log = carried_out(job, carry_out)

    assert (log.status, log.success, log.exit_code) == ("failed", False, 126)
    assert log.reason is not None
    assert log.reason.startswith(f"could not be started: {__name__}.{provider.__name__}")
    assert said in log.reason
    assert "Success" not in log.stdout
    job.refresh_from_db()
    assert (job.is_running, job.last_run_successful) == (False, False)


@ways
def test_what_cannot_be_looked_up_ends_only_that_run(carry_out: str) -> None:
    broken = due_job("succeed", name="broken")
    Job.objects.filter(pk=broken.pk).update(environment="KEY=@setting:NOT.THERE")
    other = due_job("succeed", name="other")
    broken.refresh_from_db()

    log = carried_out(broken, carry_out)

    said = "could not be started: environment: @setting:NOT.THERE: there is no setting NOT"
    assert (log.status, log.reason, log.stdout, log.stderr) == ("failed", said, "", "")
    if carry_out == "process":
        assert run_of(other).status == "succeeded"


def test_a_run_in_the_calling_process_leaves_it_as_it_was(tmp_path: Path) -> None:
    variables, folder = dict(os.environ), Path.cwd()
    job = due_job("show_environment", environment="REGION=eu", working_directory=str(tmp_path))

    job.run()

    assert told(run_of(job))["folder"] == str(tmp_path)
    assert (dict(os.environ), Path.cwd()) == (variables, folder)


# Folder and limits


@ways
def test_a_working_directory_that_is_gone_ends_the_run(tmp_path: Path, carry_out: str) -> None:
    job = due_job("succeed", working_directory=str(tmp_path / "gone"))

    log = carried_out(job, carry_out)

    said = f"could not be started: working directory {tmp_path}/gone: No such file or directory"
    assert (log.status, log.reason) == ("failed", said)


NICENESS = "import os; print(os.nice(0))"


def test_nice_is_added_to_the_schedulers_own_for_a_process_of_its_own() -> None:
    own = os.nice(0)
    job = due_job("", raw_command=f'{sys.executable} -c "{NICENESS}"', nice=3)

    run_due()

    assert run_of(job).stdout == f"{min(19, own + 3)}\n"


def test_a_run_in_the_calling_process_does_not_touch_its_limits() -> None:
    own = os.nice(0)
    job = due_job("succeed", nice=3, memory_limit_mb=1)

    job.run()

    assert run_of(job).status == "succeeded"
    assert os.nice(0) == own


def test_what_the_system_refuses_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_by: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "nice", refuse)  # root may do anything
    job = due_job("succeed", nice=-5)

    run_due()

    assert run_of(job).reason == "could not be started: nice -5: Permission denied"


TAKE = "import sys; taken = bytearray(int(sys.argv[1]) * 1024 * 1024); print(len(taken))"

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="the system has no such limit")


@only_linux
def test_a_program_gets_no_more_memory_than_its_limit() -> None:
    program = f'{sys.executable} -c "{TAKE}"'
    over = due_job("", raw_command=f"{program} 900", name="over", memory_limit_mb=700)
    below = due_job("", raw_command=f"{program} 100", name="below", memory_limit_mb=700)

    run_due()

    assert (run_of(over).status, run_of(below).status) == ("failed", "succeeded")
    assert "MemoryError" in run_of(over).stderr


@only_linux
@pytest.mark.parametrize("limit", [1, 900])
def test_a_command_gets_no_more_memory_than_its_limit_and_its_end_is_recorded(limit: int) -> None:
    job = due_job("take_memory", "2000", memory_limit_mb=limit)

    run_due()

    log = run_of(job)
    assert (log.status, log.exit_code) == ("failed", 1)
    assert "MemoryError" in log.stderr
    assert log.peak_memory_bytes


@only_linux
def test_what_follows_the_command_is_not_held_to_its_limit() -> None:
    run = recovery.run_of(due_job(memory_limit_mb=10**7), database_now("default"))
    before = resource.getrlimit(resource.RLIMIT_AS)

    with preparation.limited(run):
        assert resource.getrlimit(resource.RLIMIT_AS) == (10**7 * 1024**2, before[1])

    assert resource.getrlimit(resource.RLIMIT_AS) == before


# What it has taken up

BUSY = "import time; held = bytearray(200 * 1024 * 1024)\nwhile time.process_time() < 1: pass"


def test_processor_time_and_the_peak_of_memory_are_recorded_with_those_of_programs(
    tmp_path: Path,
) -> None:
    (tmp_path / "busy.py").write_text(BUSY)
    job = due_job("", raw_command=f"{sys.executable} {tmp_path}/busy.py")

    run_due()

    log = run_of(job)
    assert log.cpu_seconds is not None
    assert 1 <= log.cpu_seconds < 60
    assert log.peak_memory_bytes is not None
    assert 200 * 1024**2 < log.peak_memory_bytes < 2000 * 1024**2


def test_a_run_in_the_calling_process_is_told_its_own_processor_time_but_no_memory() -> None:
    job = due_job("succeed")

    job.run()

    log = run_of(job)
    assert log.cpu_seconds is not None
    assert 0 <= log.cpu_seconds < 60
    assert log.peak_memory_bytes is None


def test_of_a_killed_run_what_was_known_before_is_recorded(manage: Manage) -> None:
    job = due_job("sleep_for", "60")
    cron = manage.start("cron")
    wait_until(printed_so_far)
    spool = Spool.of(Job.objects.get().lock_file)
    usage = wait_until(spool.read_usage)
    pid = spool.read_process()
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    cron.communicate()

    log = run_of(job)
    assert log.reason == "ended by signal SIGKILL"
    assert log.cpu_seconds is not None
    assert log.peak_memory_bytes is not None
    assert log.cpu_seconds >= usage.cpu_seconds >= 0
    assert log.peak_memory_bytes >= (usage.peak_memory_bytes or 0) > 0
