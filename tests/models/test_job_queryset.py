"""What is due, running, stale, and in which order: the questions that 1.x's manager answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.test import override_settings

from chroniker.models import Job, JobDependency, Monitor
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("jobs are marked as running by hand"),
]


def names(jobs: Any) -> list[str]:
    return [job.name for job in jobs]


def later(**delta: float) -> Any:
    return to_stored(database_now("default") + timedelta(**delta))


def waits(dependent: Job, dependee: Job, **criteria: bool) -> JobDependency:
    return JobDependency.objects.create(dependent=dependent, dependee=dependee, **criteria)


def changed(job: Job, **values: Any) -> Job:
    """What somebody else wrote into the row."""
    Job.objects.filter(pk=job.pk).update(**values)
    job.refresh_from_db()
    return job


# Due


def test_a_job_is_due_once_its_time_has_come() -> None:
    due_job(name="now")
    due_job(name="later", next_run=later(hours=1))

    assert names(Job.objects.due()) == ["now"]


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ({"enabled": False}, False),
        ({"enabled": False, "force_run": True}, False),
        ({"next_run": None}, False),
        ({"next_run": None, "force_run": True}, True),
        ({"is_running": True}, False),
        ({"hostname": None}, True),
        ({"hostname": ""}, True),
        ({"hostname": "*"}, True),
        ({"hostname": "here"}, True),
        ({"hostname": "there"}, False),
        ({"held_until": to_stored(datetime(2100, 1, 1, tzinfo=UTC))}, False),
        ({"held_until": to_stored(datetime(2000, 1, 1, tzinfo=UTC))}, True),
    ],
    ids=repr,
)
def test_what_makes_a_job_due(values: dict[str, Any], due: bool) -> None:
    job = changed(due_job(), **values)

    with override_settings(CHRONIKER_HOSTNAME="here"):
        assert (job in Job.objects.due()) is job.is_due() is due


def test_due_takes_a_job_or_its_id() -> None:
    one, _other = due_job(name="one"), due_job(name="other")

    assert list(Job.objects.due(one)) == list(Job.objects.due(job=one.pk)) == [one]


def test_due_answers_without_regard_to_running_or_host_if_asked_so() -> None:
    job = changed(due_job(), is_running=True, hostname="there")

    assert not Job.objects.due().exists()
    assert not Job.objects.due(check_running=False).exists()
    assert not Job.objects.due(check_hostname=False).exists()
    assert list(Job.objects.due(job, False, False)) == [job]
    assert job.is_due(check_running=False, check_hostname=False)


def test_due_is_a_queryset_that_can_be_narrowed() -> None:
    due_job(name="one"), due_job(name="two")

    due = Job.objects.due()

    assert isinstance(due, QuerySet)
    assert names(due.filter(name="two")) == ["two"]


def test_is_due_display_ignores_the_host() -> None:
    job = changed(due_job(), hostname="elsewhere")

    assert (job.is_due(), job.is_due_display()) == (False, True)


def test_monitors_answer_the_same_questions() -> None:
    due_job(name="plain")
    due_job(name="watch", is_monitor=True)

    (monitor,) = Monitor.objects.all()

    assert (monitor.name, Monitor.objects.count()) == ("watch", 1)
    assert names(Monitor.objects.filter(enabled=True)) == names(Monitor.objects.due()) == ["watch"]
    assert (monitor.is_due(), monitor.is_stale(), monitor.is_fresh()) == (True, False, True)


# With what they wait for


def test_a_job_that_waits_for_another_due_one_is_left_out() -> None:
    first, second = due_job(name="first"), due_job(name="second")
    waits(second, first)

    assert names(Job.objects.due_with_met_dependencies()) == ["first"]
    assert not second.is_due_with_dependencies_met()


def test_it_is_no_longer_left_out_once_the_other_has_run_for_this_time() -> None:
    first, second = due_job(name="first"), due_job(name="second")
    waits(second, first)
    changed(first, next_run=later(days=1), last_run_successful=True)

    assert names(Job.objects.due_with_met_dependencies()) == ["second"]
    assert second.is_due_with_dependencies_met()
    assert not second.is_due_with_dependencies_met([first.pk])


def test_due_jobs_can_be_limited_to_some_ids() -> None:
    one, _two, three = due_job(name="one"), due_job(name="two"), due_job(name="three")

    chosen = Job.objects.due_with_met_dependencies_ordered(jobs=[one.pk, three.pk])

    assert names(chosen) == ["one", "three"]


def test_a_job_waits_for_one_that_is_not_among_those_ids_too() -> None:
    first, second = due_job(name="first"), due_job(name="second")
    waits(second, first)

    assert names(Job.objects.due_with_met_dependencies_ordered([second.pk])) == []


def test_dependees_come_before_their_dependents_and_others_by_name() -> None:
    a, b, c = due_job(name="a"), due_job(name="b"), due_job(name="c")
    # a and b wait for c, by criteria that are met.
    for dependent in (a, b):
        waits(dependent, c, wait_for_success=False, wait_for_next_run=False)

    assert names(Job.objects.due_with_met_dependencies_ordered()) == ["c", "a", "b"]
    assert names(Job.objects.due_with_met_dependencies()) == ["a", "b", "c"]


def test_a_dependee_that_is_not_due_is_not_returned() -> None:
    first, second = due_job(name="first"), due_job(name="second")
    waits(second, first)
    changed(first, next_run=later(days=1), last_run_successful=True)

    assert names(Job.objects.due_with_met_dependencies_ordered()) == ["second"]


def test_jobs_can_be_ordered_whether_they_are_due_or_not() -> None:
    a, b = due_job(name="a", next_run=later(days=1)), due_job(name="b", enabled=False)
    waits(a, b)

    assert names(Job.objects.ordered_by_dependencies()) == ["b", "a"]
    assert names(Job.objects.ordered_by_dependencies([a])) == ["a"]
    assert names(Job.objects.filter(enabled=True).ordered_by_dependencies()) == ["a"]


# Running, stale


def test_all_running_lists_what_is_running() -> None:
    due_job(name="idle")
    changed(due_job(name="busy"), is_running=True)

    assert names(Job.objects.all_running()) == ["busy"]


@pytest.mark.parametrize(
    ("running", "minutes_ago", "stale"),
    [(True, 6, True), (True, 4, False), (True, None, True), (False, 6, False)],
)
def test_a_running_job_without_a_sign_of_life_is_stale(
    running: bool, minutes_ago: int | None, stale: bool
) -> None:
    heartbeat = None if minutes_ago is None else later(minutes=-minutes_ago)
    job = changed(due_job(), is_running=running, last_heartbeat=heartbeat)

    assert (job in Job.objects.stale()) is job.is_stale() is stale
    assert job.is_fresh() is not stale


def test_how_long_makes_stale_is_a_setting() -> None:
    job = changed(due_job(), is_running=True, last_heartbeat=later(minutes=-6))

    with override_settings(CHRONIKER_STALE_MINUTES=7):
        assert not job.is_stale()


def test_ending_all_stale_jobs_frees_them_and_says_so_in_a_log() -> None:
    stale = changed(due_job(name="stale"), is_running=True, last_heartbeat=later(minutes=-6))
    fresh = changed(due_job(name="fresh"), is_running=True, last_heartbeat=later(minutes=-1))

    Job.objects.end_all_stale()

    stale.refresh_from_db()
    fresh.refresh_from_db()
    assert (stale.is_running, stale.last_run_successful) == (False, False)
    log = stale.logs.get()
    assert (log.success, log.on_time, log.status) == (False, True, "lost")
    assert log.run_end_datetime is not None
    assert "heartbeat" in (log.reason or "")
    assert (fresh.is_running, fresh.logs.count()) == (True, 0)
    assert stale.is_due()


# Natural keys


def test_a_job_is_found_by_its_natural_key() -> None:
    job = due_job(name="nightly")

    assert job.natural_key() == ("nightly",)
    assert Job.objects.get_by_natural_key("nightly") == job


@override_settings(CHRONIKER_JOB_NK=("name", "command"))
def test_the_natural_key_s_fields_are_a_setting() -> None:
    due_job("fail", name="same")
    job = due_job("succeed", name="same")

    assert job.natural_key() == ("same", "succeed")
    assert Job.objects.get_by_natural_key("same", "succeed") == job
    with pytest.raises(ObjectDoesNotExist):
        Job.objects.get_by_natural_key("same", "check")


def test_a_natural_key_that_two_jobs_share_is_an_error() -> None:
    due_job(name="same")
    due_job(name="same")

    with pytest.raises(Job.MultipleObjectsReturned):
        Job.objects.get_by_natural_key("same")
