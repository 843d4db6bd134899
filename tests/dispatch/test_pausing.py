"""While something is paused nothing of it starts, what runs goes on, and so do the clocks."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from chroniker.models import Job, Log, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import Manage, due_job, run_due, run_of, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def pause(**values: Any) -> Pause:
    made: Pause = Pause.objects.create(starts_at=to_stored(database_now("default")), **values)
    return made


def resume() -> None:
    assert Pause.objects.end(database_now("default"))


# Row: Pause / resume everything
def test_nothing_starts_while_all_is_paused_and_what_was_missed_runs_afterwards() -> None:
    forced = due_job(name="forced", next_run=None, frequency="MANUAL")
    Job.objects.filter(pk=forced.pk).update(force_run=True)
    late = due_job(name="late")
    pause()

    assert run_due() == []
    assert Job.objects.filter(is_running=False).count() == 2

    resume()
    run_due()
    assert run_of(late).success
    assert run_of(forced).success
    assert run_of(late).scheduled_for == late.next_run


# Row: Pause / resume everything
def test_what_runs_goes_on_while_all_is_paused(manage: Manage) -> None:
    job = due_job("sleep_for", "2")
    cron = manage.start("cron")
    wait_until(Log.objects.running().exists)

    manage("cron_pause", "--reason=deployment")

    assert cron.wait(120) == 0
    assert run_of(job).success


# Row: Pause by regular expression
def test_only_what_the_pattern_matches_does_not_start() -> None:
    matched = due_job(name="import people")
    by_command = due_job("echo_args", "--heavy", name="export")
    other = due_job(name="count")
    pause(pattern="^import|--heavy")

    run_due()

    assert [log.job for log in Log.objects.all()] == [other]
    resume()
    run_due()
    assert run_of(matched).success
    assert by_command.logs.count() == 1


# Row: Pause by regular expression
def test_a_pattern_that_would_take_for_ever_holds_up_no_tick(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(5):
        due_job(name=f"{'a' * 60}! {number}")
    made = pause(pattern="(a+)+$")

    before = time.monotonic()
    assert run_due() == []

    assert time.monotonic() - before < 60
    assert [record.name for record in caplog.records].count("chroniker.models") == 1
    assert f"Pause {made.pk}" in caplog.text
    resume()
    assert len(run_due()) == 5


# Row: Warm / cold shutdown
def test_a_server_that_was_paused_first_ends_no_run_when_it_is_asked_to_end(
    manage: Manage,
) -> None:
    job = due_job("sleep_for", "2")
    server = manage.start("cronserver", "1")
    wait_until(Log.objects.running().exists)
    manage("cron_pause")
    waiting = due_job(name="waiting")

    wait_until(lambda: not Log.objects.running().exists())
    server.terminate()

    assert server.wait(120) == 0
    assert run_of(job).success
    assert not waiting.logs.exists()


def test_a_pause_ends_by_itself_at_its_time() -> None:
    job = due_job()
    now = database_now("default")
    made = pause(ends_at=to_stored(now + timedelta(hours=1)))
    assert run_due() == []

    Pause.objects.filter(pk=made.pk).update(
        starts_at=to_stored(now - timedelta(hours=1)), ends_at=to_stored(database_now("default"))
    )
    run_due()

    assert run_of(job).success


def test_a_resumed_job_starts_at_once_where_the_scheduler_looks_each_second(
    manage: Manage,
) -> None:
    job = due_job()
    made = pause(job=job)
    server = manage.start("cronserver", "--continuous")
    # So that what is seen is the end of the pause, and not the scheduler's first look.
    other = due_job(name="other")
    wait_until(lambda: other.logs.ended().exists())
    assert not job.logs.exists()

    manage("cron_resume", str(made.pk))

    wait_until(lambda: job.logs.ended().exists())
    server.terminate()
    server.wait(120)
