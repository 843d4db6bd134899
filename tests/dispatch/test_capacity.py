"""What a host carries at once, and who goes first."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from chroniker.constants import Trigger
from chroniker.dispatch import claim as claiming
from chroniker.dispatch.claim import claim
from chroniker.models import Host, Job, Log, claims
from tests.running import Manage, due_job, printed_so_far, wait_until
from tests.ticking import Ticking, at, new_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def host() -> Ticking:
    return Ticking()


def hourly(name: str, **values: Any) -> Job:
    return new_job(name, frequency="HOURLY", **values)


# Row: Maximum concurrency
def test_no_more_run_than_the_host_carries(host: Ticking, settings: Settings) -> None:
    settings.CHRONIKER_CAPACITY = 2
    for name in "abcd":
        hourly(name)

    assert host.tick(0) == ["a", "b"]
    assert host.tick(1) == []
    host.end("a", 2)
    assert host.tick(2) == ["c"]
    host.end("b", 3)
    host.end("c", 3)
    assert host.run(3) == ["d"]


# Row: Task weights
def test_weights_are_summed_up(host: Ticking, settings: Settings) -> None:
    settings.CHRONIKER_CAPACITY = 10
    for name, weight in {"a": 6, "b": 4, "c": 1, "d": 0}.items():
        hourly(name, weight=weight)

    assert host.tick(0) == ["a", "b", "d"]

    for name in "abd":
        host.end(name, 1)
    assert host.run(1) == ["c"]


def test_nobody_overtakes_a_heavy_job_that_waits_for_room(
    host: Ticking, settings: Settings
) -> None:
    settings.CHRONIKER_CAPACITY = 4
    hourly("a", weight=2)
    hourly("heavy", weight=4, due=1)
    hourly("light", weight=1, due=2)

    assert host.tick(0) == ["a"]
    assert host.tick(2) == []  # else one light job after the other would keep the heavy one out
    host.end("a", 3)
    assert host.tick(3) == ["heavy"]
    host.end("heavy", 4)
    assert host.run(4) == ["light"]


def test_the_highest_priority_goes_first_and_then_the_longest_overdue(
    host: Ticking, settings: Settings
) -> None:
    settings.CHRONIKER_CAPACITY = 1
    hourly("late", due=0)
    hourly("later", due=1)
    hourly("urgent", due=2, priority=5)

    assert [host.run(minute) for minute in (3, 4, 5)] == [["urgent"], ["late"], ["later"]]


def test_a_job_heavier_than_the_host_carries_holds_up_nobody(
    host: Ticking, settings: Settings
) -> None:
    heavy = hourly("heavy", weight=30, priority=9)
    hourly("light")
    settings.CHRONIKER_CAPACITY = 10

    assert host.run(0) == ["light"]

    (gate,) = [gate for gate in heavy.why_not_running() if gate.name == "capacity"]
    assert gate.reason == "its weight of 30 is more than this host's capacity of 10"
    assert gate.needs_a_person


def test_what_others_run_on_the_host_counts_even_if_nobody_looked(
    host: Ticking, settings: Settings
) -> None:
    # As if two schedulers had looked before either claimed.
    settings.CHRONIKER_CAPACITY = 1
    first, second = hourly("a"), hourly("b")

    assert host.tick(0, jobs=[first.pk]) == ["a"]
    run = claim(second, at(0), trigger=Trigger.SCHEDULE, lock_file_of=lambda _: "")

    assert run is None
    assert (Log.objects.count(), Host.objects.get().claims) == (1, 2)
    host.end("a", 1)


def test_a_claim_is_ours_though_the_answer_to_it_was_lost_and_the_host_is_full(
    host: Ticking, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHRONIKER_CAPACITY = 1
    hourly("a")
    real, answers = claiming._try, []

    def lose_the_first_answer(*args: Any) -> int | None:
        answers.append(real(*args))
        if len(answers) == 1:
            raise OperationalError("server closed the connection unexpectedly")
        return answers[-1]

    monkeypatch.setattr(claiming, "_try", lose_the_first_answer)

    assert host.run(0) == ["a"]
    assert answers == [Log.objects.get().pk] * 2


def test_each_host_carries_its_own(host: Ticking, settings: Settings) -> None:
    settings.CHRONIKER_CAPACITY = 1
    for name in "ab":
        hourly(name)
    other = Ticking()

    assert host.tick(0) == ["a"]
    settings.CHRONIKER_HOSTNAME, settings.CHRONIKER_CAPACITY = "elsewhere", 3
    assert other.run(0) == ["b"]
    host.end("a", 1)
    assert sorted(Host.objects.values_list("capacity", "claims")) == [(1, 1), (3, 1)]


def test_0_is_no_limit(host: Ticking, settings: Settings) -> None:
    settings.CHRONIKER_CAPACITY = 0
    for number in range(40):
        hourly(f"job {number:02}", weight=3)

    assert len(host.run(0)) == 40


def test_without_a_setting_a_host_carries_some_for_each_processor(
    host: Ticking, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(45):
        hourly(f"job {number:02}")

    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert len(host.run(0)) == 20
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert len(host.run(1)) == 25


@pytest.mark.process
def test_what_waits_for_room_starts_as_soon_as_there_is_some(manage: Manage) -> None:
    # Also what came due after the scheduler that has the room had looked.
    manage.set(CHRONIKER_CAPACITY=1)
    due_job("sleep_for", "600", name="first")
    cron = manage.start("cron")
    wait_until(printed_so_far)
    for number in range(2):
        due_job("succeed", name=f"waiting {number}")
    assert manage("cron").returncode == 0  # nothing it could start
    assert Log.objects.count() == 1

    claims.request_stop("default", [Job.objects.get(name="first").pk], "anna")
    cron.communicate(timeout=240)

    logs = Log.objects.order_by("run_start_datetime", "pk")
    assert [(log.job.name, log.status) for log in logs] == [
        ("first", "stopped"),
        ("waiting 0", "succeeded"),
        ("waiting 1", "succeeded"),
    ]
