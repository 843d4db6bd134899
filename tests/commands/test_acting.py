"""cron_tail, cron_stop, cron_done and cron_drain: following and steering runs."""

from __future__ import annotations

import io
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chroniker import settings
from chroniker.constants import Status, Trigger
from chroniker.dispatch.claim import claim
from chroniker.models import Host, Job, JobDependency, JobHost, Log
from chroniker.models.database_clock import database_now
from chroniker.models.tail import GAP, added, last_lines, whole_lines
from chroniker.moments import to_instant, to_stored
from tests.running import Manage, due_job, run_of, wait_until
from tests.ticking import START, Ticking, at, new_job

pytestmark = pytest.mark.django_db


def called(name: str, *words: object, status: int = 0) -> str:
    out = io.StringIO()
    if not status:
        call_command(name, *map(str, words), stdout=out)
        return out.getvalue()
    with pytest.raises(CommandError) as refused:
        call_command(name, *map(str, words), stdout=out)
    assert refused.value.returncode == status, refused.value
    return out.getvalue() + str(refused.value)


# What comes after a text that may have lost its beginning


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ("", "a\n", "a\n"),
        ("a\n", "a\nb\n", "b\n"),
        ("a\nb\n", "b\nc\n", f"{GAP}b\nc\n"),
        ("x" * 2000 + "\nend\n", "x" * 1500 + "\nend\nnew\n", "new\n"),
    ],
)
def test_what_is_new_is_found_behind_what_was_seen(before: str, after: str, new: str) -> None:
    assert added(before, after) == new


def test_only_whole_lines_are_final() -> None:
    assert whole_lines("a\nb") == "a\n"
    assert last_lines("a\nb\nc\n", 2) == "b\nc\n"
    assert last_lines("a\n", 0) == ""


# cron_tail


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_output_is_followed_to_the_end_and_ctrl_c_leaves_the_run_alone(
    manage: Manage, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    wait = f"while [ ! -f {go} ]; do sleep 0.1; done"
    line = f"echo begun; echo oops >&2; {wait}; echo over; exit 3"
    job = due_job("", raw_command=f"sh -c '{line}'")
    tail = manage.start("cron_tail", str(job.pk))
    cron = manage.start("cron")
    wait_until(lambda: Log.objects.filter(stdout="begun\n").exists())
    impatient = manage.start("cron_tail", "raw", "-n", "1")
    assert impatient.stdout is not None
    assert impatient.stdout.readline() == "begun\n"
    impatient.send_signal(signal.SIGINT)
    assert impatient.wait(120) == 130
    go.touch()

    out, err = tail.communicate(timeout=120)
    assert cron.wait(120) == 1
    assert out == "begun\nover\n"
    assert "oops\n" in err
    assert "status 3" in err
    assert tail.returncode == 1
    assert run_of(job).exit_code == 3


def test_waiting_for_a_run_has_an_end() -> None:
    due_job(name="a")
    assert "No run of a" in called("cron_tail", "a", "--wait", "1s", status=3)
    called("cron_tail", "nobody", status=2)


# cron_stop


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_run_is_asked_to_end_and_waited_for(manage: Manage) -> None:
    job = due_job("", raw_command="sleep 600", name="long")
    cron = manage.start("cron")
    wait_until(lambda: Log.objects.filter(pid__isnull=False).exists())

    done = manage("cron_stop", "long", "--wait", "60s")

    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "long: asked to end.")
    assert "long: stopped" in done.stdout
    assert run_of(job).status == Status.STOPPED
    cron.wait(120)


def test_a_job_that_does_not_run_is_said_to_be_idle() -> None:
    due_job(name="idle")
    assert "Not running: idle" in called("cron_stop", "idle", status=1)
    assert not Job.objects.get().force_stop


def test_a_run_that_does_not_end_in_time_is_status_3() -> None:
    busy = claimed(due_job(name="busy"))
    assert "Still running: busy" in called("cron_stop", "busy", "--wait", "1s", status=3)
    busy.refresh_from_db()
    assert busy.stop_fence == busy.fence


def claimed(job: Job) -> Job:
    now = database_now("default")
    assert claim(job, now, trigger=Trigger.DIRECT, lock_file_of=lambda _token: "")
    return job


# cron_done


# Row: mark-success
def test_a_job_is_marked_as_run_and_what_waits_for_it_may_start() -> None:
    job = due_job(name="load")
    waits = due_job(name="report")
    dependency = JobDependency(dependent=waits, dependee=job)
    dependency.save()
    Job.objects.filter(pk=job.pk).update(last_run_successful=False, attempt=1)
    due: Any = job.next_run

    out = called("cron_done", "load")

    job.refresh_from_db()
    assert out.startswith("load: marked as done at ")
    assert (job.last_run_successful, job.attempt) == (True, 0)
    assert job.next_run == due + timedelta(days=1)
    log = run_of(job)
    assert (log.status, log.scheduled_for, log.attempt) == (Status.SUCCEEDED, due, 2)
    assert f"marked as done by {settings.user()}" in (log.reason or "")
    fresh = JobDependency.objects.select_related("dependee", "dependent").get()
    assert fresh.unmet_criterion() is None


def test_what_came_due_since_is_still_to_be_run() -> None:
    day = datetime(2030, 1, 7, 2, tzinfo=UTC)
    job = due_job(name="dates", next_run=to_stored(day - timedelta(days=9)))
    Job.objects.filter(pk=job.pk).update(next_run=to_stored(day - timedelta(days=2000)))
    called("cron_done", "dates", "--at", "2025-06-01T12:00+00:00")
    job.refresh_from_db()
    next_run = to_instant(job.next_run)
    assert next_run is not None
    assert timedelta() < next_run - datetime(2025, 6, 1, 12, tzinfo=UTC) <= timedelta(days=1)


def test_a_next_run_that_is_later_anyway_and_a_later_success_stay() -> None:
    far = to_stored(datetime(2100, 1, 1, tzinfo=UTC))
    job = due_job(name="a", next_run=far)
    Job.objects.filter(pk=job.pk).update(last_run=far, last_success=far)
    called("cron_done", "a", "--at", "2025-06-01")
    job.refresh_from_db()
    assert job.next_run == job.last_run == job.last_success == far
    assert run_of(job).scheduled_for is None


def test_a_running_job_is_not_marked_and_a_date_to_come_is_refused() -> None:
    busy = claimed(due_job(name="busy"))
    before = Job.objects.filter(pk=busy.pk).values().get()
    assert "left alone: busy" in called("cron_done", "busy", status=1)
    assert Job.objects.filter(pk=busy.pk).values().get() == before
    assert "still to come" in called("cron_done", "busy", "--at", "2100-01-01", status=2)


def test_jobs_for_once_for_the_hand_and_for_all_hosts_are_marked() -> None:
    due_job(name="once", frequency="ONCE")
    due_job(name="manual", frequency="MANUAL")
    every = due_job(name="every", hostname="*")
    for host in ("web1", "web2"):
        JobHost.objects.create(job=every, hostname=host, next_run=every.next_run)
    called("cron_done", "once", "manual", "every")
    once = Job.objects.get(name="once")
    assert (once.next_run, once.enabled) == (None, False)
    assert Job.objects.get(name="manual").last_run_successful
    rows = JobHost.objects.order_by("hostname")
    assert [row.last_run_successful for row in rows] == [True, True]
    assert sorted(Log.objects.filter(job=every).values_list("slot", flat=True)) == ["web1", "web2"]
    every.refresh_from_db()
    assert every.last_run_successful
    assert every.next_run == rows[0].next_run


# cron_drain


def gates_shut(job: Job) -> list[str]:
    return [gate.name for gate in job.why_not_running() if not gate.is_open]


def test_a_drained_host_starts_nothing_until_it_is_ended() -> None:
    job = due_job(name="a")
    out = called("cron_drain")
    assert out.startswith("Drained until ")
    assert gates_shut(job) == ["drain"]
    assert called("cron_drain", "--end") == f"{settings.hostname()} starts runs again.\n"
    assert gates_shut(job) == []
    assert called("cron_drain", "--end") == ""


@pytest.mark.parametrize("capacity", [0, 20])
def test_a_claim_that_looked_before_the_drain_comes_to_nothing(
    capacity: int, settings: Any
) -> None:
    settings.CHRONIKER_CAPACITY = capacity
    job, now = due_job(name="a"), database_now("default")
    called("cron_drain")
    for trigger, is_taken in ((Trigger.SCHEDULE, False), (Trigger.DIRECT, True)):
        run = claim(job, now, trigger=trigger, lock_file_of=lambda _token: "")
        assert (run is not None) is is_taken


def test_a_drain_ends_by_itself_and_other_hosts_go_on() -> None:
    ticking = Ticking()
    new_job("a")
    new_job("b", hostname="other")
    hosts = Host.objects.filter(hostname=settings.hostname())
    Host.objects.create(hostname=settings.hostname())
    Host.objects.create(hostname="other")
    hosts.drain(at(5), "deploy")
    assert ticking.tick(1) == []
    assert ticking.tick(4) == []
    assert ticking.tick(6) == ["a"]
    assert Host.objects.drained(START).count() == 1


@pytest.mark.breaks_invariants("its run ends by hand")
def test_a_drain_waits_for_what_runs_and_tells_if_that_takes_too_long() -> None:
    busy = claimed(due_job(name="busy"))
    out = called("cron_drain", "--wait", "1s", status=1)
    assert "1 still running: busy" in out
    assert gates_shut(busy)[:1] == ["drain"]
    Log.objects.update(status=Status.SUCCEEDED, active_for=None, run_end_datetime=START)
    Job.objects.update(is_running=False, claim_token=None, lease_expires=None)
    assert "Nothing runs." in called("cron_drain", "--wait", "10s")


def test_all_known_hosts_can_be_drained_and_unknown_ones_are_refused() -> None:
    for name in ("web1", "web2"):
        Host.objects.create(hostname=name)
    called("cron_drain", "--all-hosts")
    assert Host.objects.drained(database_now("default")).count() == 2
    assert "web1" in called("cron_drain", "--all-hosts", "--end")
    called("cron_drain", "--host", "web1", "--for", "2h")
    assert list(Host.objects.drained(database_now("default"))) == [
        Host.objects.get(hostname="web1")
    ]
    assert "web1" in called("cron_drain", "--host", "nowhere", status=2)
    called("cron_drain", "--wait", "10m", "--for", "5m", status=2)
