"""``cron_status``: a table, JSON, a line for Nagios; and exit statuses that are true."""

from __future__ import annotations

import io
import json
import sqlite3
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from chroniker.constants import Misfire, Status
from chroniker.models import Job, Log, Pause
from tests.health.conditions import ago, failing_job, late_job, running_job, ticked

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("jobs are made to look as if they ran"),
]


def told(*words: str) -> tuple[int, str]:
    """The exit status, and what is printed."""
    out = io.StringIO()
    try:
        call_command("cron_status", *words, stdout=out, no_color=True)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def test_where_all_is_well_it_says_so() -> None:
    ticked()
    status, text = told()
    assert (status, text.splitlines()[0]) == (0, "All is well.")
    assert "web1" in text


def test_the_table_shows_what_needs_attention_and_why() -> None:
    ticked()
    late_job()
    failing_job(times=3)
    running_job("stuck", 30)
    faulty = late_job("faulty", late_after_seconds=0)
    Job.objects.filter(pk=faulty.pk).update(error="bad rule")
    Pause.objects.create(starts_at=ago(1), pattern="nothing", reason="moving house")

    status, text = told()

    assert (status, text.splitlines()[0]) == (1, "Something needs attention.")
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith("  ")}
    assert "nothing keeps it, but no scheduler began it" in lines["late"]
    assert "×3 ValueError: no such thing" in lines["failing"]
    assert "no sign of life since" in lines["stuck"]
    assert "cannot run: bad rule" in lines["faulty"]
    assert "moving house" in text


def test_without_a_tick_something_is_wrong() -> None:
    assert told()[0] == 1
    ticked(minutes=30)
    status, text = told()
    assert (status, "No scheduler has looked" in text) == (1, True)


def test_a_run_that_takes_too_long_needs_attention() -> None:
    ticked()
    job = running_job(long_after_seconds=60)
    Log.objects.create(job=job, status=Status.RUNNING, success=False, run_start_datetime=ago(3))
    status, text = told()
    assert (status, "expected at most 1 m 00 s" in text) == (1, True)
    assert json.loads(told("--json")[1])["too_long"][0]["name"] == "running"


def test_json_holds_all_of_it() -> None:
    ticked()
    job = failing_job(times=2)
    status, text = told("--json")
    found = json.loads(text)
    assert (status, found["well"]) == (1, False)
    concern = found["concerns"][0]
    assert (concern["kind"], concern["job"], concern["failures"]) == ("failing", job.pk, 2)
    assert (concern["type"], concern["value"]) == ("ValueError", "no such thing")
    assert found["hosts"][0]["host"] == "web1"
    assert found["notifications"] == {"pending": 0, "given_up": 0}


class TestNagios:
    def test_ok(self) -> None:
        ticked()
        assert told("--nagios") == (0, "OK - all is well\n")

    def test_a_job_that_fails_is_critical(self) -> None:
        ticked()
        failing_job()
        assert told("--nagios") == (
            2,
            "CRITICAL - failing (succeed) | ValueError | no such thing\n",
        )

    def test_a_backfill_job_with_one_error_is_only_a_warning(self) -> None:
        ticked()
        failing_job("backfill", misfire_policy=Misfire.BACKFILL)
        assert told("--nagios") == (
            1,
            "WARNING - backfill (succeed) | ValueError | no such thing\n",
        )

    def test_with_two_errors_it_is_critical(self) -> None:
        ticked()
        failing_job("backfill", times=2, misfire_policy=Misfire.BACKFILL)
        assert told("--nagios")[0] == 2

    def test_what_failed_before_the_last_success_does_not_count(self) -> None:
        ticked()
        failing_job("backfill", times=2, misfire_policy=Misfire.BACKFILL)
        Job.objects.update(last_success=ago(15))
        assert told("--nagios")[0] == 1

    def test_the_worst_comes_first_and_all_of_it_is_one_line(self) -> None:
        ticked()
        failing_job("backfill", misfire_policy=Misfire.BACKFILL)
        failing_job("z\nplain")
        status, text = told("--nagios")
        assert (status, text.count("\n")) == (2, 1)
        assert text.index("z plain") < text.index("; backfill")

    def test_late_stuck_and_silent_are_critical(self) -> None:
        ticked(minutes=30)
        late_job()
        status, text = told("--nagios")
        assert status == 2
        assert "scheduler | silent | since" in text
        assert "late (succeed) | late | should have begun by" in text

    def test_a_disabled_job_is_not_told_of(self) -> None:
        ticked()
        failing_job()
        Job.objects.update(enabled=False)
        assert told("--nagios")[0] == 0

    def test_a_line_is_not_longer_than_nagios_reads(self) -> None:
        ticked()
        for number in range(60):
            failing_job(f"{number} {'x' * 100}")
        status, text = told("--nagios")
        assert (status, len(text) <= 4001) == (2, True)


def test_a_database_that_does_not_answer() -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise OperationalError("no\nanswer") from sqlite3.OperationalError("no answer")

    with connection.execute_wrapper(fail):
        assert told("--nagios") == (2, "CRITICAL - the database does not answer: no answer\n")
        assert told()[0] == 75


def test_what_it_prints_of_a_name_is_one_line() -> None:
    ticked()
    late_job("two\nlines")
    assert "two\nlines" not in told()[1]


def test_without_a_channel_a_test_of_notifications_fails(settings: Any) -> None:
    settings.ADMINS = []
    status, text = told("--test-notifications")
    assert status == 1
    assert "No channel is configured" in text


def test_forms_exclude_each_other() -> None:
    with pytest.raises((SystemExit, CommandError)):
        call_command("cron_status", "--json", "--nagios")
