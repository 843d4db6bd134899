"""``cronserver`` as a daemon."""

from __future__ import annotations

import signal
import subprocess
from datetime import timedelta

import pytest

from chroniker.constants import ONCE
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import Manage, due_job, is_alive, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def pid_of_run() -> int | None:
    return Log.objects.running().values_list("pid", flat=True).first()


def asked_again_until_gone(server: subprocess.Popen[str]) -> bool:
    server.send_signal(signal.SIGTERM)
    return server.poll() is not None


def test_a_job_starts_at_its_very_time(manage: Manage) -> None:
    server = manage.start("cronserver", "--continuous", "600")
    due_job(name="first", frequency=ONCE)
    wait_until(lambda: Log.objects.ended().first())
    due = to_stored(database_now("default") + timedelta(seconds=2))
    job = due_job(name="second", next_run=due)

    log = wait_until(lambda: Log.objects.ended().filter(job=job).first())

    assert server.poll() is None
    assert log.scheduled_for == due
    # Not when it would have looked anyway; how exactly is for the benchmarks to say.
    assert log.lateness_ms is not None
    assert 0 <= log.lateness_ms < 300_000


def test_a_request_made_in_the_admin_is_seen_at_once(manage: Manage) -> None:
    job = due_job(frequency="MANUAL")
    manage.start("cronserver", "--continuous", "600")
    Job.objects.update(force_run=True)

    wait_until(lambda: Log.objects.ended().first())  # which is sooner than its own next look

    job.refresh_from_db()
    assert job.force_run is False


def test_after_a_hangup_the_same_process_goes_on_with_the_same_runs(manage: Manage) -> None:
    due_job("sleep_for", "4")
    server = manage.start("cronserver", "1")
    pid = wait_until(pid_of_run)

    server.send_signal(signal.SIGHUP)
    assert server.stdout is not None
    lines = iter(server.stdout.readline, "")
    said = [next(lines) for _ in range(4)]

    assert any("Starting anew." in line for line in said)
    log = wait_until(lambda: Log.objects.ended().first())
    assert (log.status, log.exit_code, log.pid) == ("succeeded", 0, pid)
    assert log.stdout == "Sleeping for 4 seconds.\nAwake.\n"
    assert server.poll() is None
    server.send_signal(signal.SIGTERM)
    assert server.wait(120) == 0


def test_asked_to_end_it_ends_its_runs_first(manage: Manage) -> None:
    due_job("sleep_for", "60")
    server = manage.start("cronserver", "1")
    pid = wait_until(pid_of_run)

    server.send_signal(signal.SIGTERM)

    assert server.wait(120) == 0
    assert not is_alive(pid)
    assert Log.objects.get().reason == "the scheduler was stopped (SIGTERM)"


def test_asked_twice_it_does_not_wait_for_the_grace(manage: Manage) -> None:
    manage.set(CHRONIKER_KILL_GRACE_SECONDS=40)
    due_job("sleep_for", "60 --stubborn")
    server = manage.start("cronserver", "1")
    wait_until(lambda: (run := Log.objects.running().first()) and "Sleeping" in run.stdout)

    server.send_signal(signal.SIGTERM)
    assert server.poll() is None
    wait_until(lambda: asked_again_until_gone(server))

    log = Log.objects.get()
    assert (log.status, log.exit_code) == ("stopped", -9)


def test_with_a_pid_file_only_one_cron_works_at_a_time(manage: Manage) -> None:
    manage.set(CHRONIKER_USE_PID=True)
    due_job("sleep_for", "60")
    first = manage.start("cron")
    wait_until(lambda: Log.objects.running().exists())
    due_job(name="another")

    second = manage("cron", "-v", "2")

    assert second.returncode == 0
    assert "Another cron is at work" in second.stdout
    first.send_signal(signal.SIGTERM)
    first.communicate()
    assert manage("cron").returncode == 0
    assert Log.objects.filter(job__name="another", status="succeeded").count() == 1


def test_a_cron_that_waits_for_a_long_job_keeps_no_other_job_from_running(
    manage: Manage,
) -> None:
    due_job("sleep_for", "60")
    manage.start("cron")
    wait_until(lambda: Log.objects.running().exists())
    due_job(name="another")

    assert manage("cron").returncode == 0

    assert Log.objects.get(job__name="another").status == "succeeded"
    assert Log.objects.running().count() == 1


def test_without_a_database_cron_says_so_in_one_line(manage: Manage) -> None:
    manage.set(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/no/x"}})

    result = manage("cron")

    assert result.returncode == 75
    assert result.stderr == (
        "CommandError: The database does not answer: unable to open database file\n"
    )
