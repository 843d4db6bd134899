"""What a tick starts, and when a job runs next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from chroniker.constants import Trigger
from chroniker.dispatch.claim import claim
from chroniker.models import Job, JobDependency, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored
from chroniker.runs.spool import lock_file_of
from tests.running import Manage, due_job, run_due, run_of, wait_until

FAR_OFF = to_stored(datetime(2100, 1, 1, tzinfo=UTC))

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def before(**delta: float) -> datetime:
    return to_stored(database_now("default").replace(microsecond=0) - timedelta(**delta))


def claimed(job: Job) -> bool:
    now = database_now("default")
    return claim(job, now, trigger=Trigger.SCHEDULE, lock_file_of=lock_file_of) is not None


def test_a_job_that_was_missed_for_days_runs_once_and_then_at_its_next_time() -> None:
    long_ago = before(days=5, minutes=1)
    job = due_job(next_run=long_ago)

    run_due()
    run_due()

    job.refresh_from_db()
    assert job.logs.count() == 1
    assert run_of(job).scheduled_for == long_ago
    assert job.next_run == long_ago + timedelta(days=6)


@pytest.mark.parametrize("command", ["fail", "die_by_signal", "exit_with"])
def test_a_run_that_ends_badly_moves_the_schedule_on_as_well(command: str) -> None:
    job = due_job(command, "1" if command == "exit_with" else "")
    first = job.next_run

    run_due()

    job.refresh_from_db()
    assert first is not None
    assert job.next_run == first + timedelta(days=1)


# Row: Parallel jobs
def test_all_due_jobs_run_beside_each_other(tmp_path: Path) -> None:
    # Each waits for the others: one after another, none would ever end.
    names = [str(tmp_path / name) for name in "abc"]
    wait = " && ".join(f"test -e {name}" for name in names)
    for name in names:
        script = f"touch {name}; until {wait}; do sleep 0.05; done"
        due_job("", raw_command=f"sh -c '{script}'", name=name, timeout_seconds=120)

    run_due()

    assert list(Log.objects.values_list("status", flat=True)) == ["succeeded"] * 3


def test_a_forced_run_leaves_the_schedule_alone() -> None:
    job = due_job(next_run=FAR_OFF)
    Job.objects.update(force_run=True, forced_by="someone")

    run_due()

    job.refresh_from_db()
    assert (job.next_run, job.force_run) == (FAR_OFF, False)
    log = run_of(job)
    assert (log.trigger, log.triggered_by, log.scheduled_for) == ("forced", "someone", None)


def test_a_job_rescheduled_by_hand_during_its_run_keeps_the_time_it_was_given(
    manage: Manage,
) -> None:
    job = due_job("sleep_for", "2")
    cron = manage.start("cron")
    wait_until(lambda: Job.objects.get().is_running)
    edited = Job.objects.get()
    edited.next_run = FAR_OFF
    edited.save()
    cron.communicate()

    job.refresh_from_db()
    assert job.is_running is False
    assert job.next_run == FAR_OFF


def test_a_job_disabled_during_its_run_stays_disabled(manage: Manage) -> None:
    job = due_job("sleep_for", "1")
    cron = manage.start("cron")
    wait_until(lambda: Job.objects.get().is_running)
    Job.objects.update(enabled=False, name="renamed")
    cron.communicate()

    job.refresh_from_db()
    assert (job.enabled, job.name, job.is_running) == (False, "renamed", False)


def test_a_request_to_run_during_a_run_gives_one_more_run(manage: Manage) -> None:
    due_job("sleep_for", "1")
    cron = manage.start("cron")
    wait_until(lambda: Job.objects.get().is_running)
    Job.objects.update(force_run=True)
    cron.communicate()
    run_due()
    run_due()

    assert list(Log.objects.order_by("pk").values_list("trigger", flat=True)) == [
        "schedule",
        "forced",
    ]


def test_once_runs_once_and_is_disabled_then() -> None:
    job = due_job(frequency="ONCE")

    run_due()

    job.refresh_from_db()
    assert (job.enabled, job.next_run, job.logs.count()) == (False, None, 1)


def test_a_rule_with_a_count_ends_after_that_many() -> None:
    start = before(days=1, minutes=1)
    job = due_job(next_run=start, params="count:2")

    run_due()

    job.refresh_from_db()
    assert (job.next_run, job.enabled) == (None, True)


def test_jitter_never_drifts_the_rule() -> None:
    start = before(minutes=1)
    job = due_job(next_run=start, jitter_seconds=600)

    run_due()

    job.refresh_from_db()
    nominal = start + timedelta(days=1)
    assert (job.next_occurrence, job.occurrence) == (nominal, to_instant(nominal))
    assert job.next_run is not None
    assert nominal <= job.next_run <= nominal + timedelta(seconds=600)


def test_a_job_that_waits_starts_in_the_same_pass_once_the_other_is_done() -> None:
    first = due_job("sleep_for", "0.2", name="z first")
    second = due_job(name="a second")
    JobDependency.objects.create(dependent=second, dependee=first)

    run_due()

    one, two = run_of(first), run_of(second)
    assert one.run_end_datetime is not None
    assert one.run_end_datetime <= two.run_start_datetime + timedelta(milliseconds=20)
    assert (one.status, two.status) == ("succeeded", "succeeded")


def test_a_job_does_not_start_when_the_one_it_waits_for_failed() -> None:
    first = due_job("fail")
    second = due_job(name="second")
    JobDependency.objects.create(dependent=second, dependee=first)

    run_due()

    assert second.logs.count() == 0


# Row: Missed job keeps being due while it cannot start
def test_a_job_that_cannot_start_stays_due_until_it_can() -> None:
    first, second = due_job("fail", name="first"), due_job(name="second")
    JobDependency.objects.create(dependent=second, dependee=first)
    occurrence = second.next_run

    for _ in range(2):
        run_due()
        second.refresh_from_db()
        assert (second.next_run, second.is_due(), second.logs.count()) == (occurrence, True, 0)

    Job.objects.filter(pk=first.pk).update(command="succeed", force_run=True)
    run_due()
    assert run_of(second).scheduled_for == occurrence


def test_jobs_that_wait_for_each_other_stop_nobody_else() -> None:
    one, two, other = due_job(name="one"), due_job(name="two"), due_job(name="other")
    # Past save(), which refuses a cycle.
    JobDependency.objects.bulk_create(
        [
            JobDependency(dependent=one, dependee=two),
            JobDependency(dependent=two, dependee=one),
        ]
    )

    run_due()

    assert [log.job for log in Log.objects.all()] == [other]


def test_a_job_whose_schedule_went_bad_is_marked_and_stops_nobody_else() -> None:
    bad, good = due_job(name="bad"), due_job(name="good")
    Job.objects.filter(pk=bad.pk).update(frequency="ZZZ")

    run_due()

    bad.refresh_from_db()
    assert bad.error is not None
    assert "ZZZ" in bad.error
    assert bad.is_running is False
    assert run_of(good).status == "succeeded"


def test_only_jobs_for_this_host_are_run(settings: Settings) -> None:
    settings.CHRONIKER_HOSTNAME = "here"
    for name, host in (("any", None), ("blank", ""), ("mine", "here"), ("theirs", "there")):
        due_job(name=name, hostname=host)

    run_due()

    assert sorted(Log.objects.values_list("job__name", flat=True)) == ["any", "blank", "mine"]


def test_a_claim_of_a_job_that_was_claimed_meanwhile_gets_nothing() -> None:
    due_job()
    seen_by_one, seen_by_two = Job.objects.get(), Job.objects.get()

    assert claimed(seen_by_one)
    assert not claimed(seen_by_two)
    assert Log.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"enabled": False},
        {"next_run": FAR_OFF},
        {"next_run": None},
        {"force_run": True},
        {"revision": 77},
        {"fence": 5},
        {"is_running": True},
    ],
)
def test_a_claim_holds_only_for_the_job_as_it_was_seen(change: dict[str, object]) -> None:
    due_job()
    seen = Job.objects.get()
    Job.objects.update(**change)

    assert not claimed(seen)
    assert Log.objects.count() == 0


def test_an_occurrence_that_was_run_already_is_passed_over() -> None:
    job = due_job()
    occurrence = job.next_run
    run_due()
    Job.objects.update(next_run=occurrence, next_occurrence=occurrence)

    run_due()

    job.refresh_from_db()
    assert job.logs.count() == 1
    assert occurrence is not None
    assert job.next_run == occurrence + timedelta(days=1)


def test_a_faulty_spool_is_recorded_as_the_reason(settings: Settings, tmp_path: object) -> None:
    settings.CHRONIKER_SPOOL_DIR = "/dev/null/spool"
    job = due_job()

    run_due()

    log = run_of(job)
    assert log.status == "failed"
    assert log.reason is not None
    assert log.reason.startswith("could not be started: CHRONIKER_SPOOL_DIR: cannot make")
