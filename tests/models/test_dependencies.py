"""Which job waits for which: criteria, cycles, chains."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from chroniker.models import Job, JobDependency
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("jobs are marked as running by hand"),
]


def jobs(*names: str) -> list[Job]:
    return [due_job(name=name) for name in names]


def waits(dependent: Job, dependee: Job, **criteria: bool) -> JobDependency:
    return JobDependency.objects.create(dependent=dependent, dependee=dependee, **criteria)


def later(days: float) -> Any:
    return to_stored(database_now("default").replace(microsecond=0) + timedelta(days=days))


# Criteria


@pytest.mark.parametrize(
    ("criteria", "dependee", "met"),
    [
        ("completion", {"is_running": False}, True),
        ("completion", {"is_running": True}, False),
        ("success", {"last_run_successful": True}, True),
        ("success", {"last_run_successful": False}, False),
        ("success", {"last_run_successful": None}, False),
        ("success", {"last_run_successful": True, "is_running": True}, True),
        ("next_run", {"next_run": 2}, True),
        ("next_run", {"next_run": 1}, True),
        ("next_run", {"next_run": 0.5}, False),
        ("next_run", {"next_run": None}, False),
        ("", {"is_running": True, "last_run_successful": False, "next_run": None}, True),
    ],
)
def test_each_criterion_asks_for_one_thing(
    criteria: str, dependee: dict[str, Any], met: bool
) -> None:
    first, second = jobs("first", "second")
    wanted = {
        f"wait_for_{name}": name == criteria for name in ("completion", "success", "next_run")
    }
    dependency = waits(second, first, **wanted)
    if dependee.get("next_run"):
        dependee = dependee | {"next_run": later(dependee["next_run"])}
    Job.objects.filter(pk=first.pk).update(**dependee)
    Job.objects.filter(pk=second.pk).update(next_run=later(1))

    dependency = JobDependency.objects.get()

    assert dependency.criteria_met() is met
    assert second.dependencies_met() is met
    assert (dependency.unmet_criterion() is None) is met


def test_a_dependent_without_a_next_run_does_not_meet_the_criterion_for_it() -> None:
    first, second = jobs("first", "second")
    waits(second, first, wait_for_success=False)
    Job.objects.filter(pk=second.pk).update(next_run=None)

    assert not Job.objects.get(pk=second.pk).dependencies_met()


def test_all_three_are_asked_for_by_default() -> None:
    dependency = waits(*jobs("second", "first"))

    assert dependency.wait_for_completion
    assert dependency.wait_for_success
    assert dependency.wait_for_next_run


def test_a_job_named_as_running_is_waited_for() -> None:
    first, second = jobs("first", "second")
    dependency = waits(second, first, wait_for_success=False, wait_for_next_run=False)

    assert dependency.criteria_met([second.pk])
    assert not dependency.criteria_met([first.pk])
    assert not second.dependencies_met({first.pk})


def test_the_criterion_that_is_not_met_is_told_with_the_job_s_name() -> None:
    first, second = jobs("nightly import", "report")

    assert waits(second, first).unmet_criterion() == "nightly import has not succeeded"


def test_a_job_waits_for_all_it_depends_on() -> None:
    first, other, last = jobs("first", "other", "last")
    waits(last, first, wait_for_success=False, wait_for_next_run=False)
    waits(last, other)

    assert not last.dependencies_met()


# Cycles


def refusal(dependent: Job, dependee: Job) -> str:
    with pytest.raises(ValidationError) as caught:
        waits(dependent, dependee)
    (message,) = caught.value.message_dict["dependee"]
    return str(message)


def test_a_job_cannot_wait_for_itself() -> None:
    (job,) = jobs("alone")

    assert "alone → alone" in refusal(job, job)


def test_a_cycle_is_refused_with_the_names_on_it() -> None:
    a, b, c = jobs("a", "b", "c")
    waits(b, a)
    waits(c, b)

    assert "a → c → b → a" in refusal(a, c)
    assert JobDependency.objects.count() == 2


def test_a_dependency_that_is_changed_into_a_cycle_is_refused() -> None:
    a, b, c = jobs("a", "b", "c")
    waits(b, a)
    changed = waits(a, c)
    changed.dependee = b

    with pytest.raises(ValidationError):
        changed.save()
    with pytest.raises(ValidationError):
        changed.full_clean()
    assert JobDependency.objects.get(pk=changed.pk).dependee == c


def test_waiting_for_one_job_along_two_ways_is_no_cycle() -> None:
    a, b, c, d = jobs("a", "b", "c", "d")
    for dependent, dependee in ((b, a), (c, a), (d, b), (d, c)):
        waits(dependent, dependee)

    assert JobDependency.objects.count() == 4


def test_a_dependency_can_be_saved_again() -> None:
    dependency = waits(*jobs("second", "first"))
    dependency.wait_for_success = False
    dependency.save()

    assert not JobDependency.objects.get().wait_for_success


def test_two_rows_for_the_same_pair_are_refused_by_the_database() -> None:
    second, first = jobs("second", "first")
    waits(second, first)

    with pytest.raises(IntegrityError), transaction.atomic():
        waits(second, first)


# Chains


def test_chained_jobs_are_all_that_wait_for_it_directly_or_through_others() -> None:
    root, b, c, other = jobs("root", "b", "c", "other")
    waits(b, root)
    waits(c, b)
    waits(c, other)

    assert root.get_chained_jobs() == {b, c}
    assert c.get_chained_jobs() == set()


def test_a_disabled_job_or_one_that_does_not_wait_for_completion_ends_a_chain() -> None:
    root, b, c, d = jobs("root", "b", "c", "d")
    waits(b, root)
    waits(c, b)
    waits(d, root, wait_for_completion=False)
    Job.objects.filter(pk=b.pk).update(enabled=False)

    assert root.get_chained_jobs() == set()


def test_a_cycle_in_old_rows_does_not_keep_a_chain_from_being_found() -> None:
    a, b = jobs("a", "b")
    JobDependency.objects.bulk_create(
        [JobDependency(dependent=a, dependee=b), JobDependency(dependent=b, dependee=a)]
    )

    assert a.get_chained_jobs() == {b}
    assert Job.objects.due_with_met_dependencies_ordered() == []


def test_dependencies_are_reached_from_both_sides() -> None:
    second, first = jobs("second", "first")
    dependency = waits(second, first)

    assert list(second.dependencies.all()) == list(first.dependents.all()) == [dependency]
    assert str(dependency) == f"{second.pk} waits for {first.pk}"
