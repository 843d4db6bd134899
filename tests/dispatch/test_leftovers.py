"""What ended runs left on a host, or in a log, is brought in by the next tick."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import override_settings

from chroniker.constants import MANUAL, Trigger
from chroniker.dispatch.claim import claim
from chroniker.dispatch.leftovers import clear_up
from chroniker.models import Job, JobHost, Log, claims
from chroniker.models.database_clock import database_now
from chroniker.runs import processes, record
from chroniker.runs.spool import Result, Spool, lock_file_of
from tests.claiming import just_before
from tests.running import Manage, due_job, printed_so_far, run_due, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

TOKEN = "0" * 32


def ended_run(status: str, **values: Any) -> Log:
    """A run whose end is recorded, by this host or by another."""
    job = due_job(frequency=MANUAL)
    Job.objects.update(fence=1)
    now = database_now("default")
    ends = {"run_start_datetime": now, "run_end_datetime": now, "success": status == "succeeded"}
    return Log.objects.create(job=job, token=TOKEN, status=status, **ends, **values)


@pytest.fixture
def folder(spool_dir: Path) -> Spool:
    """What a run has left in the spool; its watcher is long gone."""
    spool = Spool.of(lock_file_of(TOKEN))
    os.close(spool.create(os.getpid(), 1.0))
    spool.stdout.write_text("one\ntwo\n")
    spool.stderr.write_text("oh\n")
    return spool


def test_the_folder_of_a_run_that_was_recorded_is_removed(folder: Spool) -> None:
    log = ended_run("succeeded", stdout="one\ntwo\n")

    run_due()

    assert not folder.exists()
    log.refresh_from_db()
    assert (log.status, log.stdout, log.late_outcome) == ("succeeded", "one\ntwo\n", None)


def test_what_a_run_printed_that_another_host_recorded_as_lost_goes_to_its_log(
    folder: Spool,
) -> None:
    log = ended_run("lost", stdout="one\n", reason="silent")
    folder.write_result(Result(exit_code=0))

    run_due()

    assert not folder.exists()
    log.refresh_from_db()
    assert (log.status, log.reason, log.success) == ("lost", "silent", False)
    assert (log.stdout, log.stderr) == ("one\ntwo\n", "oh\n")
    assert log.late_outcome == "succeeded"


@pytest.mark.parametrize("gone", ["watcher", "heartbeat", "stdout", "verdict"])
def test_the_folder_of_a_run_whose_removal_was_cut_short_is_removed(
    folder: Spool, gone: str
) -> None:
    log = ended_run("succeeded", stdout="one\ntwo\n")
    (folder.folder / gone).unlink()

    run_due()

    assert not folder.exists()
    log.refresh_from_db()
    assert (log.status, log.stdout, log.late_outcome) == ("succeeded", "one\ntwo\n", None)


def test_a_log_that_has_more_than_the_folder_keeps_it(folder: Spool) -> None:
    log = ended_run("lost", stdout="one\ntwo\nthree\n")
    folder.stdout.write_text("")

    run_due()

    log.refresh_from_db()
    assert log.stdout == "one\ntwo\nthree\n"


def test_what_can_no_longer_be_read_replaces_nothing(folder: Spool) -> None:
    log = ended_run("lost", stdout="one\n")
    folder.stdout.unlink()

    run_due()

    log.refresh_from_db()
    assert (log.stdout, log.output_truncated) == ("one\n", False)


@pytest.mark.breaks_invariants("the folder of an ended run is in use")
def test_a_folder_that_is_in_use_stays(folder: Spool) -> None:
    ended_run("lost")
    me = os.getpid()
    folder.watcher.write_text(f"{me} {processes.created(me)!r}")

    run_due()

    assert folder.exists()


@pytest.mark.breaks_invariants("the folder of a run that is not in the tables")
def test_a_folder_of_an_unknown_run_stays_for_it_may_be_another_project_s(folder: Spool) -> None:
    run_due()

    assert folder.exists()


@pytest.mark.breaks_invariants("the database refuses what would be right")
def test_a_folder_stays_if_the_database_does_not_take_what_it_holds(
    folder: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended_run("lost")

    def refuse(*_: Any) -> None:
        raise OperationalError("no")

    monkeypatch.setattr(record, "note_late", refuse)

    run_due()

    assert folder.stdout.read_text() == "one\ntwo\n"


def test_rows_of_hosts_whose_job_1x_has_deleted_go_and_stop_nobody() -> None:
    deleted = due_job(name="deleted", hostname="*")
    kept = due_job(name="kept", hostname="*")
    with override_settings(CHRONIKER_HOSTNAME="one"):
        claims.due_here("default", database_now("default"), "one")
        JobHost.objects.filter(job=deleted).update(is_running=True, claim_token=TOKEN)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM chroniker_job WHERE id = %s", [deleted.pk])

        run_due()

    assert [row.job_id for row in JobHost.objects.all()] == [kept.pk]
    assert Log.objects.get().job == kept


def test_a_run_whose_claim_was_given_up_ends_at_the_next_tick() -> None:
    job = due_job(frequency=MANUAL)
    run = claim(job, database_now("default"), trigger=Trigger.DIRECT, lock_file_of=lock_file_of)
    assert run is not None
    job.refresh_from_db()
    job.is_running = False
    job.save()

    run_due()

    log = Log.objects.get()
    assert (log.status, log.active_for) == ("lost", None)
    assert log.reason == "its claim was given up by hand"
    assert log.run_end_datetime is not None
    assert log.duration_seconds is not None


def test_what_a_run_prints_after_it_was_taken_over_is_kept(manage: Manage, spool_dir: Path) -> None:
    manage.set(CHRONIKER_RENEW_SECONDS=1)
    due_job("sleep_for", "30")
    cron = manage.start("cron")
    wait_until(printed_so_far)
    Job.objects.update(is_running=False, claim_token=None, lease_expires=None, enabled=False)
    ended = {"run_end_datetime": database_now("default"), "duration_seconds": 0}
    Log.objects.update(status="lost", active_for=None, stdout="", **ended)
    cron.communicate()

    log = Log.objects.get()
    assert log.late_outcome == "lost: taken over by somebody else"
    assert log.stdout == "Sleeping for 30 seconds.\n"
    assert list(spool_dir.iterdir()) == []


@pytest.mark.breaks_invariants("the folder of a run that is not in the tables")
def test_a_folder_is_not_taken_for_that_of_another_run(folder: Spool) -> None:
    log = ended_run("lost")
    Log.objects.update(token="1" * 32)

    clear_up("default", database_now("default"))

    assert folder.exists()
    log.refresh_from_db()
    assert log.stdout == ""


@pytest.mark.breaks_invariants("the claim of an open log has been given up a moment ago")
def test_a_folder_stays_until_the_log_of_its_run_is_closed(folder: Spool) -> None:
    log = ended_run("running", active_for="1")
    Job.objects.update(is_running=True, claim_token=TOKEN)

    def give_up() -> None:
        Job.objects.update(is_running=False, claim_token=None)

    with just_before("SELECT chroniker_job.claim_token", give_up):
        clear_up("default", database_now("default"))

    assert folder.exists()
    log.refresh_from_db()
    assert log.status == "running"
