"""Hosts: when they last looked for due jobs, and how often they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chroniker.models import Host
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
    assert (host.version, host.capacity, host.tick_seconds) == ("2.0", 20, 60)


def test_a_longer_interval_is_learned_in_a_few_ticks() -> None:
    assert tick(0, 600).tick_seconds == 120
    assert tick(1200, 1800, 2400).tick_seconds == 600


def test_one_long_silence_is_soon_forgotten() -> None:
    assert tick(0, 60, 86_400, 86_460).tick_seconds == 60


def test_many_ticks_a_minute_count_as_one_a_minute() -> None:
    assert tick(0, 1, 2, 3).tick_seconds == 60


@pytest.mark.parametrize(("seconds", "is_silent"), [(60, False), (299, False), (301, True)])
def test_a_host_that_misses_five_ticks_is_silent(seconds: int, *, is_silent: bool) -> None:
    host = tick(0)
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
