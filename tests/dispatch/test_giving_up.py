"""What recovery frees, and only that: it may be slower than others who do the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chroniker import settings as chroniker_settings
from chroniker.constants import Trigger
from chroniker.dispatch import recovery
from chroniker.dispatch.recovery import Recovery
from chroniker.host import uptime
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.runs import lease
from chroniker.runs.run import Run
from tests.claiming import claimed, due_on, just_before, seen_again, write
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("rows are written as other processes might leave them"),
]

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def left_by_1x(name: str, **values: Any) -> Job:
    """A job that 1.x left as running: without a claim."""
    job = due_job(name=name, frequency="MANUAL")
    write(job, **{"is_running": True, "last_heartbeat": LONG_AGO, **values})
    return seen_again(job)


def recover(by: Recovery | None = None) -> list[str]:
    found = (by or Recovery("default")).recover(database_now("default"))
    return sorted(run.job_name for run, _ in found)


def test_only_the_silent_of_the_rows_that_1x_left_are_freed() -> None:
    silent = left_by_1x("silent")
    fresh = left_by_1x("fresh", last_heartbeat=database_now("default"))

    recover()

    assert not seen_again(silent).is_running
    assert seen_again(fresh).is_running
    assert Log.objects.get().job_id == silent.pk


@pytest.mark.parametrize(
    "change",
    [{"is_running": False}, {"claim_token": "of a claim made meanwhile", "fence": 1}],
    ids=["freed", "claimed"],
)
def test_a_row_that_1x_left_is_not_freed_if_others_were_faster(change: dict[str, Any]) -> None:
    job = left_by_1x("silent")

    with just_before("UPDATE chroniker_job ", lambda: write(job, **change)):
        recover()

    assert seen_again(job).is_running is ("claim_token" in change)
    assert Log.objects.count() == 0


@pytest.mark.parametrize("host", ["", "one"], ids=["anywhere", "each host"])
def test_a_lost_run_is_recovered_as_the_run_it_was(host: str, settings: Any) -> None:
    settings.CHRONIKER_HOSTNAME = "one"
    first = due_on(host, name="first", attempt=2) if host else due_on(host, name="first")
    write(first, attempt=2)
    lost = claimed(seen_again(first))
    other = claimed(due_on(host, name="other"), Trigger.DIRECT)
    write(seen_again(Job.objects.get(name="other"), host), current_hostname="another host")
    write(first, current_pid_created=1.0)

    assert recover() == ["first"]

    log = Log.objects.get(token=lost.token)
    assert (log.status, log.attempt) == ("lost", 3)
    assert Log.objects.get(token=other.token).status == "running"
    assert seen_again(first).attempt == 3


@pytest.fixture
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks of one recovery need not be some time apart."""
    monkeypatch.setattr(recovery, "looks_apart", lambda: 0.0)


def silent_on(host: str, **values: Any) -> tuple[Job, Run]:
    """A claim that was not renewed for long, by a process that may still live."""
    job = due_on(host)
    run = claimed(job)
    write(job, lease_expires=1, **values)
    return job, run


HOSTS = pytest.mark.parametrize("host", ["", "one"], ids=["anywhere", "each host"])


@HOSTS
@pytest.mark.usefixtures("looks_at_once")
def test_a_run_whose_owner_wakes_after_the_second_look_is_left_alone(
    host: str, settings: Any
) -> None:
    settings.CHRONIKER_HOSTNAME = "one"
    job, run = silent_on(host)
    looker = Recovery("default")
    recover(looker)

    table = "chroniker_jobhost" if host else "chroniker_job"
    with just_before(f"UPDATE {table} ", lambda: lease.renew("default", host, [run.token])):
        assert recover(looker) == []

    assert seen_again(job).claim_token == run.token
    assert Log.objects.get().status == "running"
    assert lease.renew("default", host, [run.token]) == {run.token}


@HOSTS
@pytest.mark.usefixtures("looks_at_once")
def test_who_watches_a_run_does_not_take_it_for_silent(host: str, settings: Any) -> None:
    settings.CHRONIKER_HOSTNAME = "one"
    _, run = silent_on(host)
    watcher = Recovery("default")

    for _ in range(3):
        assert watcher.recover(database_now("default"), [run.token]) == []

    recover(watcher)
    assert recover(watcher) == [run.job_name]


@HOSTS
@pytest.mark.usefixtures("looks_at_once")
def test_a_silent_run_cannot_be_renewed_while_it_is_taken_over(host: str, settings: Any) -> None:
    settings.CHRONIKER_HOSTNAME = "one"
    _, run = silent_on(host)
    looker = Recovery("default")
    recover(looker)
    renewed: list[set[str]] = []

    def wake() -> None:
        renewed.append(lease.renew("default", host, [run.token]))

    with just_before("SELECT chroniker_log", wake):
        recover(looker)

    assert renewed == [set()]
    assert Log.objects.get().status == "lost"


def test_another_hosts_run_is_lost_once_it_was_silent_for_a_whole_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Till then it may live, for the lease says nothing if the database's clock was set.
    silent_on("", current_hostname="another host")
    looker, begin = Recovery("default"), uptime()

    def seconds_later(seconds: float) -> list[str]:
        monkeypatch.setattr(recovery, "uptime", lambda: begin + seconds)
        return recover(looker)

    lasts = chroniker_settings.CHRONIKER_LOCK_TIMEOUT
    assert [seconds_later(0), seconds_later(lasts - 1)] == [[], []]
    assert seconds_later(lasts) == ["due"]


def test_a_run_whose_taking_over_was_cut_short_needs_no_second_look() -> None:
    job, _ = silent_on("", current_hostname="another host")
    assert recover() == []
    assert lease.withdraw(seen_again(job))

    assert recover() == ["due"]


def test_of_stale_runs_one_that_shows_a_sign_of_life_goes_on() -> None:
    job, run = silent_on("", current_hostname="another host", last_heartbeat=LONG_AGO)

    with just_before("UPDATE chroniker_job ", lambda: lease.renew("default", "", [run.token])):
        Job.objects.end_all_stale()

    assert seen_again(job).claim_token == run.token
    Job.objects.filter(pk=job.pk).update(last_heartbeat=LONG_AGO)
    Job.objects.end_all_stale()
    assert not seen_again(job).is_running


def test_a_run_that_ended_needs_no_second_look() -> None:
    job = due_on("")
    claimed(job)
    write(job, current_hostname="another host", lease_expires=0)
    looker = Recovery("default")

    recover(looker)
    assert looker.is_waiting
    write(job, is_running=False, claim_token=None)
    recover(looker)

    assert not looker.is_waiting


def test_code_marks_its_own_job_as_running() -> None:
    job, other = due_job(name="a"), due_job(name="b")

    job.mark_running()

    assert seen_again(job).is_running
    assert not seen_again(other).is_running


def test_code_runs_its_own_job() -> None:
    job = due_job(name="a")
    due_job(name="b")

    assert job.run() is True

    assert [log.job_id for log in Log.objects.all()] == [job.pk]


@pytest.mark.usefixtures("looks_at_once")
def test_what_was_taken_over_on_another_host_is_taken_over_once() -> None:
    job, _ = silent_on("", current_hostname="another host")
    one, two = Recovery("default"), Recovery("default")

    assert [recover(looker) for looker in (one, two)] == [[], []]
    assert [recover(looker) for looker in (one, two)] == [["due"], []]
    assert seen_again(job).attempt == 1
