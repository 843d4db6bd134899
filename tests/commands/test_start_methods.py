"""Runs in processes that are forked, spawned, or forked by a server."""

from __future__ import annotations

import json

import pytest

from chroniker.models import Job, Log
from test_project.samples.management.commands.talk_unicode import GREETINGS
from tests.running import Manage, due_job, is_alive, run_of, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.process,
    pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"]),
]


def test_runs_end_as_what_they_did_with_all_they_said(manage: Manage, method: str) -> None:
    manage.set(CHRONIKER_START_METHOD=method, CHRONIKER_KILL_GRACE_SECONDS=2)
    talk = due_job("talk_unicode")
    environment = due_job("show_environment", name="environment")
    progress = due_job("report_progress", "50 --track")
    failing = due_job("fail", "'полный провал'")
    dying = due_job("die_by_signal")
    slow = due_job("sleep_for", "60", timeout_seconds=1)
    raw = due_job("", raw_command="sh -c 'echo raw; echo fault >&2; exit 3'")
    logged = due_job("write_log_records")

    done = manage("cron")

    assert done.returncode == 1
    assert run_of(talk).stdout.splitlines() == list(GREETINGS)
    told = json.loads(run_of(environment).stdout)
    assert told["CHRONIKER_JOB_ID"] == str(environment.pk)
    assert told["CHRONIKER_RUN_ID"] == str(run_of(environment).pk)
    progress.refresh_from_db()
    assert (progress.total_parts, progress.total_parts_complete) == (50, 50)
    assert "полный провал" in run_of(failing).stderr
    assert run_of(dying).reason == "ended by signal SIGKILL"
    assert (run_of(slow).status, run_of(slow).on_time) == ("timed_out", False)
    assert (run_of(raw).stdout, run_of(raw).stderr, run_of(raw).exit_code) == (
        "raw\n",
        "fault\n",
        3,
    )
    assert run_of(logged).stdout.count("A warning.") == 1
    assert run_of(logged).success
    assert not Job.objects.all_running().exists()


def test_what_is_left_when_the_scheduler_is_asked_to_end(manage: Manage, method: str) -> None:
    manage.set(CHRONIKER_START_METHOD=method)
    job = due_job("sleep_for", "60")
    cron = manage.start("cron")
    running = Log.objects.running().filter(pid__isnull=False)
    pid = wait_until(lambda: running.values_list("pid", flat=True).first())
    assert pid is not None

    cron.terminate()
    cron.wait(120)

    assert run_of(job).status == "stopped"
    assert not is_alive(pid)
