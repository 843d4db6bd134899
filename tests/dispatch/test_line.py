"""Which jobs a tick looks at: those of its selection, and those that may be due here."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from chroniker.dispatch.line import Selection, orders, pages
from chroniker.models import Backfill, Job, JobDependency, JobHost
from chroniker.models.database_clock import database_now
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("runs that go on are only rows"),
]


@pytest.fixture(params=["", "*"], ids=["anywhere", "each host"])
def host(request: pytest.FixtureRequest, settings: Settings) -> str:
    """The host of the jobs; ours is one of several."""
    settings.CHRONIKER_HOSTNAME = "one"
    return str(request.param)


def in_line(**selection: Any) -> list[str]:
    """The names of the jobs in line."""
    found = pages("default", database_now("default"), Selection(**selection), is_full=bool)
    return sorted(job.name for page in found for job in page)


def test_a_selection_limits_it_to_some(host: str) -> None:
    one, two, three = (due_job(name=name, hostname=host) for name in ("one", "two", "three"))
    JobDependency.objects.create(dependent=two, dependee=one)
    JobDependency.objects.create(dependent=three, dependee=two)

    assert in_line() == ["one", "three", "two"]
    assert in_line(jobs=[one.pk, three.pk]) == ["one", "three"]
    assert in_line(without=[one.pk]) == ["three", "two"]
    assert in_line(dependents_of=[one.pk]) == ["two"]
    assert in_line(jobs=[one.pk, two.pk], without=[two.pk]) == ["one"]


def test_a_job_for_all_hosts_is_not_in_line_by_its_own_row(settings: Settings) -> None:
    settings.CHRONIKER_HOSTNAME = "one"
    job = due_job(hostname="*")
    JobHost.objects.create(job=job, hostname="one", next_run=job.next_run, is_running=True)

    assert in_line() == []


def test_all_that_may_run_here_are_forced_and_others_only_by_name() -> None:
    due_job(name="here")
    disabled = due_job(name="disabled", enabled=False)
    elsewhere = due_job(name="elsewhere", hostname="another host")
    Job.objects.update(next_run=None)

    assert in_line(force=True) == ["here"]
    assert in_line(force=True, jobs=[disabled.pk, elsewhere.pk]) == ["disabled", "elsewhere"]


def test_orders_wait_for_their_job_and_their_host() -> None:
    here, busy = due_job(name="here"), due_job(name="busy")
    elsewhere = due_job(name="elsewhere", hostname="another host")
    Job.objects.filter(pk=busy.pk).update(is_running=True)
    now = database_now("default")
    for job in (elsewhere, busy, here, here):
        Backfill.objects.create(job=job, since=now, until=now)

    (order,) = orders("default", Selection())

    assert order.job == here
    assert order.pk == Backfill.objects.filter(job=here).earliest("pk").pk


def test_a_job_that_is_deleted_meanwhile_is_passed_over() -> None:
    due_job(name="kept")
    deleted = due_job(name="deleted")

    def is_full() -> bool:
        Job.objects.filter(pk=deleted.pk).delete()
        return False

    found = pages("default", database_now("default"), Selection(), is_full=is_full)

    assert [job.name for page in found for job in page] == ["kept"]
