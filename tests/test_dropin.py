"""Code and habits of 1.1.0 go on unchanged."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.management import BaseCommand, get_commands
from django.db import connection

from chroniker.models import Job, JobDependency, get_current_job
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import ROOT, due_job, run_due


@pytest.mark.process
@pytest.mark.parametrize(
    ("use_tz", "zone"),
    [("1", "UTC"), pytest.param("0", "America/New_York", marks=pytest.mark.thorough)],
)
def test_a_project_s_own_tests_for_1_x_pass_in_memory(use_tz: str, zone: str) -> None:
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    settings = json.loads(os.environ["CHRONIKER_TEST_SETTINGS"])
    environment = os.environ | {
        "CHRONIKER_TEST_SETTINGS": json.dumps(settings | {"DATABASES": {"default": memory}}),
        "CHRONIKER_TEST_USE_TZ": use_tz,
        "CHRONIKER_TEST_TIME_ZONE": zone,
        "PYTHONPATH": str(ROOT),
    }

    done = subprocess.run(
        [sys.executable, "-W", "error", "test_project/manage.py", "test", "tests.habits_of_1x"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nOK\n" in done.stderr


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("chroniker", "VERSION __version__"),
        (
            "chroniker.models",
            "Job Log JobDependency Monitor JobManager MonitorManager get_current_job "
            "hostname_help_text_setter",
        ),
        (
            "chroniker.constants",
            "YEARLY MONTHLY WEEKLY DAILY HOURLY MINUTELY SECONDLY FREQ_CHOICES "
            "RRULE_WEEKDAY_DICT DEFAULT_MONITOR_ERROR_TEMPLATE",
        ),
        (
            "chroniker.utils",
            "get_etc get_remaining_seconds get_admin_change_url get_admin_changelist_url "
            "make_naive make_aware localtime import_string",
        ),
        ("chroniker.templatetags.chroniker_tags", "register"),
        ("chroniker.management.commands.cron", "Command run_cron"),
        ("chroniker.management.commands.cronserver", "Command"),
        ("chroniker.management.commands.cron_clean", "Command"),
        ("chroniker.management.commands.run_job", "Command"),
        ("chroniker.management.commands.check_monitor", "Command"),
        ("chroniker.management.commands.calculate_job_chain", "Command"),
        ("chroniker.management.commands.test_status_update", "Command"),
    ],
)
def test_the_names_of_1_x_are_where_they_were(module: str, names: str) -> None:
    found = importlib.import_module(module)

    assert [name for name in names.split() if not hasattr(found, name)] == []


# Job.run()


def later(**delta: float) -> Any:
    return to_stored(database_now("default") + timedelta(**delta))


@pytest.mark.django_db
@pytest.mark.breaks_invariants("a job is marked as running by hand")
@pytest.mark.parametrize(
    ("values", "options", "runs"),
    [
        ({}, {}, True),
        ({"next_run": None}, {}, False),
        ({"enabled": False}, {}, False),
        ({"enabled": False, "force_run": True}, {}, False),
        ({"next_run": None, "force_run": True}, {}, True),
        ({"hostname": "elsewhere"}, {}, False),
        ({"is_running": True}, {}, False),
        ({"is_running": True}, {"check_running": False}, False),
        ({"is_running": True}, {"force_run": True}, False),
        ({"next_run": None}, {"force_run": True}, True),
        ({"enabled": False}, {"force_run": True}, True),
        ({"hostname": "elsewhere"}, {"force_run": True}, True),
        ({}, {"update_heartbeat": 0, "stdout_queue": None, "stderr_queue": None}, True),
    ],
    ids=repr,
)
def test_run_tells_whether_it_ran(
    values: dict[str, Any], options: dict[str, Any], runs: bool
) -> None:
    job = due_job()
    Job.objects.update(**values)
    before = Job.objects.get().next_run

    assert job.run(**options) is runs

    assert job.logs.ended().count() == int(runs)
    if options.get("force_run") or values.get("force_run"):
        assert Job.objects.get().next_run == before


@pytest.mark.django_db
def test_run_waits_for_what_the_job_depends_on() -> None:
    first, second = due_job(name="first"), due_job(name="second")
    JobDependency.objects.create(dependent=second, dependee=first)

    assert not second.run()
    assert first.run()
    assert second.run()


@pytest.mark.django_db
def test_run_shows_what_the_command_prints(capfd: pytest.CaptureFixture[str]) -> None:
    due_job("echo_args", "ärger").run(update_heartbeat=0)
    due_job("", raw_command="echo from a program").run(update_heartbeat=0)

    out = capfd.readouterr().out
    assert '"\\u00e4rger"' in out or "ärger" in out
    assert "from a program" in out


@pytest.mark.django_db
def test_the_object_that_was_run_knows_how_it_went() -> None:
    job = due_job("fail")
    job.run(update_heartbeat=0)

    assert (job.last_run_successful, job.is_running, job.is_due()) == (False, False, False)


# Code inside a job


class Threaded(BaseCommand):
    """Reports its progress, and which job it is, from a thread of its own."""

    def handle(self, **options: Any) -> None:
        thread = Thread(target=self._work)
        thread.start()
        thread.join()

    def _work(self) -> None:
        job = get_current_job()
        assert job is not None
        sys.stdout.write(f"{job.name}\n")
        for done in range(1, 8):
            Job.update_progress(total_parts=7, total_parts_complete=done)
        connection.close()  # a thread has one of its own


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sync", [True, False])
def test_a_thread_of_a_command_knows_its_job(sync: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(get_commands(), "threaded", Threaded())
    job = due_job("threaded", name="with threads")

    run_due(sync=sync)

    log = job.logs.get()
    assert (log.stdout, log.stderr, log.success) == ("with threads\n", "", True)
    job.refresh_from_db()
    assert (job.total_parts, job.total_parts_complete) == (7, 7)


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_exactly_so_many_logs_are_kept_after_each_run() -> None:
    job = due_job(maximum_log_entries=2)
    for kept in (1, 2, 2, 2):
        run_due()
        assert job.logs.count() == kept
        Job.objects.update(next_run=later(minutes=-1))


# Settings


@pytest.mark.django_db
@pytest.mark.breaks_invariants("a job is marked as running by hand")
def test_the_lock_file_is_believed_if_the_settings_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_file = tmp_path / "lock"
    lock_file.write_text("")
    job = due_job()
    Job.objects.update(is_running=True, lock_file=str(lock_file))
    job.refresh_from_db()
    monkeypatch.setattr("chroniker.settings.CHRONIKER_CHECK_LOCK_FILE", True)

    assert job.check_is_running()
    os.utime(lock_file, (0, 0))
    assert not job.check_is_running()
    lock_file.unlink()
    assert not job.check_is_running()
    monkeypatch.setattr("chroniker.settings.CHRONIKER_CHECK_LOCK_FILE", False)
    assert job.check_is_running()


@pytest.mark.django_db
def test_the_environment_is_as_it_was_after_a_run_in_this_process() -> None:
    before = dict(os.environ)

    due_job("show_environment").run(update_heartbeat=0)

    assert dict(os.environ) == before
    assert get_current_job() is None
