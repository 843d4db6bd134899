"""Hosts: when they last looked for due jobs, and how often they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chroniker.models import Host, Job, JobHost
from chroniker.moments import to_instant

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def tick(*seconds: int, hostname: str = "web1") -> Host:
    """A host that has ticked so many seconds after noon, each time."""
    for after in seconds:
        moment = NOW + timedelta(seconds=after)
        Host.objects.ticked(hostname, moment, version="2.0", capacity=20)
    return Host.objects.get(hostname=hostname)


def test_a_tick_is_noted_with_what_the_host_is() -> None:
    host = tick(0, 60)
    assert to_instant(host.last_tick) == NOW + timedelta(seconds=60)
    assert (host.version, host.capacity) == ("2.0", 20)


@pytest.mark.parametrize("seconds", [60, 120, 300, 600, 1800])
def test_the_interval_of_a_new_host_is_learned_and_it_is_never_called_silent(seconds: int) -> None:
    host = tick(0)
    for number in range(1, 6):
        assert not host.is_silent(NOW + timedelta(seconds=number * seconds + 1))
        host = tick(number * seconds)
    assert host.tick_seconds == seconds


def test_a_tick_by_hand_or_one_long_silence_changes_little() -> None:
    regular = [number * 600 for number in range(6)]
    assert tick(*regular, 3030, 3600).tick_seconds == 570
    assert not tick(3600).is_silent(NOW + timedelta(seconds=5000))
    assert tick(86_400, 87_000, 87_600).tick_seconds == 600


def test_many_ticks_a_minute_count_as_one_a_minute() -> None:
    assert tick(*range(10)).tick_seconds == 60


@pytest.mark.parametrize(("seconds", "is_silent"), [(60, False), (299, False), (301, True)])
def test_a_host_that_misses_five_ticks_is_silent(seconds: int, *, is_silent: bool) -> None:
    host = tick(*(number * 60 for number in range(-5, 1)))
    assert host.is_silent(NOW + timedelta(seconds=seconds)) is is_silent


def test_a_host_that_has_only_made_room_is_silent() -> None:
    assert Host(hostname="web1").is_silent(NOW)


def test_hosts_not_heard_of_for_a_month_are_forgotten_when_a_new_one_comes() -> None:
    tick(0, hostname="old")
    tick(20 * 86_400, hostname="known")
    tick(31 * 86_400, hostname="known")
    assert Host.objects.count() == 2
    tick(31 * 86_400, hostname="new")
    assert set(Host.objects.values_list("hostname", flat=True)) == {"known", "new"}


def test_with_a_forgotten_host_go_its_shares_of_jobs_for_all_hosts() -> None:
    job = Job.objects.create(name="everywhere", command="succeed", hostname="*")
    for name in ("old", "known"):
        JobHost.objects.create(job=job, hostname=name)
    tick(0, hostname="old")
    tick(20 * 86_400, hostname="known")
    tick(31 * 86_400, hostname="new")
    assert [row.hostname for row in JobHost.objects.all()] == ["known"]
