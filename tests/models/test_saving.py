"""Saving a job: what is written, what is not, and when it runs next."""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chroniker.models import Job
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored
from tests.running import due_job

pytestmark = pytest.mark.django_db

FAR = 2100


def moment(*numbers: int) -> datetime:
    """A moment as the project stores it: aware only with USE_TZ."""
    value = datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001
    stored = to_instant(value)
    assert stored is not None
    return to_stored(stored)


def new_job(**values: Any) -> Job:
    values = {"name": "job", "command": "succeed", "frequency": "DAILY", **values}
    return Job(**values)


def saved(**values: Any) -> Job:
    job = new_job(**values)
    job.save()
    return stored(job)


def stored(job: Job) -> Job:
    found: Job = Job.objects.get(pk=job.pk)
    return found


def now() -> datetime:
    return to_stored(database_now("default"))


# Signatures


def test_save_takes_what_django_s_own_takes() -> None:
    job = new_job()
    job.save(force_insert=True, using="default")
    job.name = "renamed"
    job.save(force_update=True)

    assert stored(job).name == "renamed"


def test_save_takes_positional_arguments_without_complaint() -> None:
    job = new_job()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        job.save(True)
        job.name, job.args = "renamed", "--verbosity=2"
        job.save(False, False, "default", ["name"])

    assert (stored(job).name, stored(job).args) == ("renamed", "")


def test_a_job_can_be_given_its_own_key() -> None:
    new_job(pk=4711).save()

    job = Job.objects.get(pk=4711)
    assert job.next_run is not None


def test_a_job_is_copied_by_taking_its_key_away() -> None:
    original = saved(name="original", args="--verbosity=2")
    copy = stored(original)
    copy.pk, copy.name = None, "copy"
    copy.save()

    assert Job.objects.count() == 2
    assert stored(copy).args == "--verbosity=2"
    assert stored(original).name == "original"


@pytest.mark.breaks_invariants("mark_running claims without a run, as in 1.x")
def test_the_copy_of_a_running_job_is_not_running() -> None:
    job = saved()
    job.mark_running()
    copy = stored(job)
    copy.pk = None
    copy.save()

    assert (stored(copy).is_running, stored(copy).claim_token) == (False, None)
    assert stored(job).is_running


def test_the_manager_s_shortcuts_work() -> None:
    job = Job.objects.create(name="job", command="succeed", frequency="HOURLY")
    same, created = Job.objects.get_or_create(name="job", defaults={"command": "fail"})
    changed, _ = Job.objects.update_or_create(name="job", defaults={"frequency": "MONTHLY"})

    assert (same, created, same.command) == (job, False, "succeed")
    assert stored(job).frequency == "MONTHLY"
    assert stored(job).next_run == changed.next_run != job.next_run


# What is written


def test_nothing_is_written_when_nothing_was_changed() -> None:
    job = saved()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        job.save()

    assert [query["sql"] for query in queries if query["sql"].startswith("UPDATE")] == []


def test_an_object_loaded_long_ago_undoes_nobody_s_change() -> None:
    job = saved(name="old", args="")
    mine, theirs = stored(job), stored(job)
    theirs.name, theirs.enabled = "theirs", False
    theirs.save()
    mine.args = "--verbosity=2"
    mine.save()

    job = stored(job)
    assert (job.name, job.enabled, job.args) == ("theirs", False, "--verbosity=2")


@pytest.mark.breaks_invariants("mark_running claims without a run, as in 1.x")
def test_an_object_loaded_before_a_run_does_not_touch_the_run() -> None:
    job = saved()
    form = stored(job)
    job.mark_running()
    form.name = "renamed"
    form.save()

    job = stored(job)
    assert (job.name, job.is_running) == ("renamed", True)
    assert job.claim_token


def test_only_named_fields_are_written_and_what_follows_from_them() -> None:
    job = saved()
    before = job.next_run
    job.name, job.args, job.frequency = "renamed", "--verbosity=2", "MONTHLY"
    job.save(update_fields=["name"])

    after = stored(job)
    assert (after.name, after.args, after.frequency) == ("renamed", "", "DAILY")
    assert after.next_run == before


def test_a_next_run_that_is_not_to_be_saved_is_not_saved() -> None:
    job = saved()
    before = job.next_run
    job.name, job.next_run = "renamed", moment(FAR, 1, 1)
    job.save(update_fields=["name"])

    assert (stored(job).name, stored(job).next_run) == ("renamed", before)


def test_what_was_left_out_is_saved_the_next_time() -> None:
    job = saved()
    job.name, job.args = "renamed", "--verbosity=2"
    job.save(update_fields=["name"])
    job.save()

    assert stored(job).args == "--verbosity=2"


def test_the_next_run_follows_a_frequency_saved_by_its_name() -> None:
    job = saved(frequency="MINUTELY")
    before = job.next_run
    job.frequency = "YEARLY"
    job.save(update_fields=["frequency"])

    after = stored(job).next_run
    assert before is not None
    assert after is not None
    assert after > before + timedelta(days=1)


def test_a_deferred_field_is_neither_loaded_nor_written() -> None:
    job = saved(args="--verbosity=2")
    partial = Job.objects.only("name").get(pk=job.pk)
    Job.objects.update(args="--verbosity=3")
    partial.name = "renamed"
    partial.save()

    assert (stored(job).name, stored(job).args) == ("renamed", "--verbosity=3")


@pytest.mark.parametrize(
    ("field", "value", "counts"),
    [
        ("name", "renamed", True),
        ("args", "--verbosity=2", True),
        ("enabled", False, True),
        ("timeout_seconds", 5, True),
        ("frequency", "WEEKLY", True),
        ("monitor_description", "text", False),
        ("maximum_log_entries", 5, False),
    ],
)
def test_a_change_of_what_is_run_counts_as_a_revision(
    field: str, value: object, counts: bool
) -> None:
    job = saved()
    before = job.revision
    setattr(job, field, value)
    job.save()

    assert stored(job).revision == before + counts
    assert job.revision == stored(job).revision


def test_two_objects_count_their_revisions_together() -> None:
    job = saved()
    one, two = stored(job), stored(job)
    one.name = two.args = "--verbosity=2"
    one.save()
    two.save()

    assert stored(job).revision == job.revision + 2


# The claim


def test_unticking_is_running_gives_up_the_claim() -> None:
    job = saved()
    job.mark_running()
    job = stored(job)
    job.is_running = False
    job.save()

    job = stored(job)
    assert (job.is_running, job.claim_token, job.lease_expires) == (False, None, None)
    assert (job.current_pid, job.current_hostname) == (None, None)


def test_unticking_it_by_its_name_gives_up_the_claim_even_of_an_old_object() -> None:
    job = saved()
    old = stored(job)
    job.mark_running()
    old.save(update_fields=["is_running"])

    assert (stored(job).is_running, stored(job).claim_token) == (False, None)


def test_a_job_whose_claim_was_given_up_can_be_run_again(transactional_db: None) -> None:
    job = due_job()
    job.mark_running()
    job.is_running = False
    job.save()

    assert job.run(update_heartbeat=0)
    assert job.logs.get().success


# When it runs next


def test_a_new_job_runs_at_its_first_time_from_now() -> None:
    job = saved(frequency="HOURLY", params="byminute:0;bysecond:0")

    assert job.next_run is not None
    assert now() < job.next_run <= now() + timedelta(hours=1)
    assert (job.next_run.minute, job.next_run.second, job.next_run.microsecond) == (0, 0, 0)
    assert job.next_occurrence == job.anchor == job.next_run


@pytest.mark.parametrize("when", [moment(2001, 1, 1), moment(FAR, 1, 1, 12, 30)])
def test_a_next_run_that_is_typed_is_kept(when: datetime) -> None:
    job = saved(next_run=when, params="interval:2")

    assert (job.next_run, to_stored(to_instant(job.occurrence))) == (when, when)


def test_a_naive_next_run_is_meant_in_the_project_s_zone() -> None:
    typed = datetime(FAR, 1, 1, 9, 30)  # noqa: DTZ001

    job = saved(next_run=typed)

    assert job.next_run is not None
    expected = timezone.make_aware(typed, timezone.get_default_timezone())
    assert to_instant(job.next_run) == expected


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("params", "byhour:9;byminute:30;bysecond:0", (9, 30)),
        ("frequency", "CRON", (7, 15)),
        ("cron_expression", "15 7 * * *", None),
    ],
)
def test_a_changed_schedule_is_followed(
    field: str, value: str, expected: tuple[int, int] | None
) -> None:
    job = saved(next_run=moment(FAR, 1, 1), cron_expression="15 7 * * *")
    setattr(job, field, value)
    job.save()

    next_run = stored(job).next_run
    assert next_run is not None
    if expected is None:
        assert next_run == moment(FAR, 1, 1)
        return
    local = timezone.localtime(next_run) if timezone.is_aware(next_run) else next_run
    assert (local.hour, local.minute) == expected
    assert now() < next_run <= now() + timedelta(days=1, hours=1)


@override_settings(TIME_ZONE="UTC")
def test_a_changed_zone_is_followed() -> None:
    job = saved(frequency="CRON", cron_expression="0 9 * * *")
    job.timezone = "Asia/Tokyo"
    job.save()

    instant = to_instant(stored(job).next_run)
    assert instant is not None
    assert (instant.hour, instant.minute) == (0, 0)


def test_a_schedule_changed_together_with_a_typed_next_run_keeps_that() -> None:
    job = saved()
    job.frequency, job.next_run = "HOURLY", moment(FAR, 5, 5)
    job.save()

    assert stored(job).next_run == moment(FAR, 5, 5)


def test_a_next_run_that_is_emptied_is_computed_again() -> None:
    job = saved(next_run=moment(FAR, 1, 1), frequency="HOURLY")
    job.next_run = None
    job.save()

    next_run = stored(job).next_run
    assert next_run is not None
    assert next_run <= now() + timedelta(hours=1)


def test_a_disabled_job_keeps_its_next_run() -> None:
    job = saved(next_run=moment(FAR, 1, 1), enabled=False)
    job.frequency = "HOURLY"
    job.save()

    assert stored(job).next_run == moment(FAR, 1, 1)


def test_a_disabled_job_without_a_next_run_gets_one_when_it_is_enabled() -> None:
    job = saved(enabled=False)
    assert job.next_run is None
    job.enabled = True
    job.save()

    assert stored(job).next_run is not None


def test_a_job_that_was_changed_while_disabled_follows_its_schedule_when_enabled() -> None:
    job = saved(next_run=moment(FAR, 1, 1), enabled=False)
    job.frequency = "HOURLY"
    job.save()
    job.enabled = True
    job.save()

    next_run = stored(job).next_run
    assert next_run is not None
    assert next_run <= now() + timedelta(hours=1)


def test_a_job_that_is_enabled_unchanged_keeps_its_next_run() -> None:
    job = saved(next_run=moment(FAR, 1, 1), enabled=False)
    job.enabled = True
    job.save()

    assert stored(job).next_run == moment(FAR, 1, 1)


def test_a_rule_that_has_ended_does_not_begin_again_when_something_else_is_edited() -> None:
    job = saved(params="count:1", next_run=moment(FAR, 1, 1))
    # As the end of its only run leaves it.
    Job.objects.update(next_run=None, next_occurrence=None, last_run=now())
    job = stored(job)
    job.name = "renamed"
    job.save()

    assert stored(job).next_run is None


def test_a_job_that_was_never_scheduled_is_when_it_is_saved() -> None:
    job = saved()
    # As a fixture leaves it, which nobody validates.
    Job.objects.update(next_run=None, next_occurrence=None, anchor=None)
    stored(job).save()

    assert stored(job).next_run is not None


def test_a_job_that_is_made_one_for_once_keeps_its_next_run() -> None:
    job = saved(next_run=moment(FAR, 1, 1))
    job.frequency = "ONCE"
    job.save()

    assert stored(job).next_run == moment(FAR, 1, 1)


@pytest.mark.parametrize("typed", [None, moment(FAR, 1, 1)])
def test_a_job_for_the_hand_only_has_no_next_run(typed: datetime | None) -> None:
    job = saved(frequency="MANUAL", next_run=typed)

    assert (job.next_run, job.get_timeuntil()) == (None, "never (no next run)")


def test_a_job_for_once_cannot_be_enabled_again_without_a_time() -> None:
    job = saved(frequency="ONCE", next_run=moment(FAR, 1, 1))
    Job.objects.update(next_run=None, next_occurrence=None, enabled=False)
    job = stored(job)
    job.enabled = True

    with pytest.raises(ValidationError) as caught:
        job.save()

    assert list(caught.value.message_dict) == ["next_run"]


def test_a_blank_frequency_means_daily() -> None:
    assert saved(frequency="").frequency == "DAILY"


def test_a_definition_that_is_mended_loses_its_error_and_its_hold() -> None:
    job = saved()
    Job.objects.update(error="broken", held_until=moment(FAR, 1, 1))
    job = stored(job)
    job.args = "--verbosity=2"
    job.save()

    assert (stored(job).error, stored(job).held_until) == (None, None)


def test_jitter_is_added_forward_and_never_more_than_asked_for() -> None:
    start = moment(FAR, 1, 1)
    job = new_job(jitter_seconds=30)

    jittered = {job.apply_jitter(start) for _ in range(200)}

    assert all(
        one is not None and timedelta(0) <= one - start <= timedelta(seconds=30) for one in jittered
    )
    assert len(jittered) > 5
    assert job.apply_jitter(None) is None
    assert new_job().apply_jitter(start) == start
