"""A job whose host is ``*`` runs on every host, each for itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from chroniker.models import Job, JobHost, Log
from tests.running import Manage, due_job, run_due, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def run_on(host: str, settings: Settings) -> None:
    settings.CHRONIKER_HOSTNAME = host
    run_due()


def hosts_of_runs() -> list[str]:
    return sorted(log.hostname or "" for log in Log.objects.all())


def test_each_host_runs_it_once_for_the_same_time(settings: Settings) -> None:
    job = due_job(hostname="*")
    due = job.next_run
    run_on("one", settings)
    # The job's own time has moved on with the first host; the second still owes its run.
    JobHost.objects.create(job=job, hostname="two", next_run=due, next_occurrence=due)

    run_on("two", settings)
    run_on("one", settings)
    run_on("two", settings)

    assert hosts_of_runs() == ["one", "two"]
    assert set(Log.objects.values_list("scheduled_for", "slot")) == {(due, "one"), (due, "two")}
    job.refresh_from_db()
    assert due is not None
    assert job.next_run == due + timedelta(days=1)
    assert job.last_run_successful is True


def test_two_hosts_run_it_at_the_same_time(manage: Manage) -> None:
    job = due_job("sleep_for", "60", hostname="*")
    for host in ("one", "two"):
        JobHost.objects.create(job=job, hostname=host, next_run=job.next_run)
        manage.set(CHRONIKER_HOSTNAME=host)
        manage.start("cron")

    wait_until(lambda: Log.objects.running().count() == 2)

    assert hosts_of_runs() == ["one", "two"]
    assert Job.objects.get().check_is_running() is True


def test_a_request_reaches_every_host_that_knows_the_job(settings: Settings) -> None:
    job = due_job(frequency="MANUAL", hostname="*")
    for host in ("one", "two"):
        JobHost.objects.create(job=job, hostname=host)
    Job.objects.update(force_run=True, forced_by="anna")

    for host in ("one", "two", "one"):
        run_on(host, settings)

    assert hosts_of_runs() == ["one", "two"]
    assert set(Log.objects.values_list("trigger", "triggered_by")) == {("forced", "anna")}


def test_a_disabled_job_runs_nowhere(settings: Settings) -> None:
    job = due_job(hostname="*")
    JobHost.objects.create(job=job, hostname="one", next_run=job.next_run)
    Job.objects.update(enabled=False)

    run_on("one", settings)

    assert hosts_of_runs() == []


def test_a_changed_schedule_reaches_every_host(settings: Settings) -> None:
    job = due_job(hostname="*")
    run_on("one", settings)
    job.refresh_from_db()
    job.params = "interval:3"
    job.save()
    expected = job.next_run

    JobHost.objects.update(next_run=None)
    due_job(name="another", hostname="*")
    run_on("one", settings)

    assert JobHost.objects.get(job=job).next_run == expected


def test_what_waits_for_it_waits_for_every_host(settings: Settings) -> None:
    from chroniker.models import JobDependency

    first, second = due_job(hostname="*"), due_job(name="second")
    Job.objects.filter(pk=first.pk).update(last_run_successful=True, next_run=None)
    JobDependency.objects.create(dependent=second, dependee=first, wait_for_next_run=False)
    busy = JobHost.objects.create(job=first, hostname="two")
    busy.is_running = True
    busy.save()

    run_on("one", settings)
    assert hosts_of_runs() == []

    JobHost.objects.update(is_running=False)
    run_on("one", settings)
    assert hosts_of_runs() == ["one"]
