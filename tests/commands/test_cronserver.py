"""``manage.py cronserver [seconds]`` as people call it."""

from __future__ import annotations

import signal
from itertools import islice

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from chroniker.models import Job, Log
from tests.running import Manage, due_job, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def test_help_is_given(manage: Manage) -> None:
    done = manage("cronserver", "--help")

    assert done.returncode == 0
    assert "between ticks (default: 60)" in done.stdout


@pytest.mark.django_db
@pytest.mark.parametrize("word", ["0", "-5", "soon", "nan", "inf", "1e9"])
def test_what_is_no_number_of_seconds_is_refused(word: str) -> None:
    with pytest.raises(CommandError, match="seconds"):
        call_command("cronserver", "--", word)


def test_due_jobs_run_again_and_again_until_ctrl_c(manage: Manage) -> None:
    job = due_job(frequency="SECONDLY", name="tick")
    server = manage.start("cronserver", "1")
    wait_until(lambda: job.logs.carried_out().count() >= 2)

    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=120)

    assert (server.returncode, err) == (0, "")
    assert "every 1 seconds" in out.splitlines()[0]
    ran = job.logs.carried_out()  # a run that takes longer than a second skips the next
    assert out.count("tick: started") == out.count("tick: succeeded") == ran.count()
    assert out.splitlines()[-1].endswith("Stopped.")
    assert set(ran.values_list("status", flat=True)) == {"succeeded"}


def test_a_run_that_goes_on_at_ctrl_c_is_asked_to_end_and_recorded(manage: Manage) -> None:
    job = due_job("sleep_for", "60", name="long")
    server = manage.start("cronserver", "1")
    wait_until(Log.objects.running().exists)

    server.send_signal(signal.SIGINT)
    out, _ = server.communicate(timeout=120)

    log = job.logs.get()
    assert server.returncode == 0
    assert (log.status, log.reason) == ("stopped", "the scheduler was stopped (SIGINT)")
    assert "long: stopped" in out
    job.refresh_from_db()
    assert (job.is_running, job.is_due()) == (False, False)


def rename_table(before: str, after: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {before} RENAME TO {after}")


def test_ticks_that_fail_do_not_end_it(manage: Manage) -> None:
    due_job()
    table = Job._meta.db_table
    rename_table(table, "away")
    try:
        server = manage.start("cronserver", "1", "--verbosity=0")
        assert server.stderr is not None
        lines = iter(server.stderr.readline, "")
        failed = list(islice((line for line in lines if line.startswith("django.db.utils")), 2))
    finally:
        rename_table("away", table)

    log = wait_until(lambda: Log.objects.ended().first())

    assert len(failed) == 2
    assert (log.success, server.poll()) == (True, None)
    server.terminate()
    assert server.wait(120) == 0
