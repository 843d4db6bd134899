"""The functions that code written for 1.x imports still answer as they did, and never crash."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group
from django.test import override_settings
from django.utils import timezone

from chroniker.utils import (
    get_admin_change_url,
    get_admin_changelist_url,
    get_etc,
    get_remaining_seconds,
    import_string,
    localtime,
    make_aware,
    make_naive,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(seconds=100)
HOUR = timedelta(hours=1)
NAIVE = START.replace(tzinfo=None)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("complete", "total", "seconds"),
    [
        (5, 10, 100.0),
        (10, 10, 0.0),
        (1, 4, 300.0),
        (12, 10, 0.0),
        (0, 10, None),
        (5, 0, None),
        (0, 0, None),
        (-1, 10, None),
        (5, -10, None),
        (None, 10, None),
        (5, None, None),
    ],
)
def test_what_is_left_follows_from_the_pace_until_now(
    complete: int | None, total: int | None, seconds: float | None
) -> None:
    end = None if seconds is None else NOW + timedelta(seconds=seconds)

    assert get_remaining_seconds(complete, total, START, NOW) == seconds
    assert get_etc(complete, total, START, NOW, as_seconds=True) == seconds
    assert get_etc(complete, total, START, NOW) == end


def test_without_a_start_nothing_is_known() -> None:
    assert get_etc(5, 10, None, NOW) is None


@pytest.mark.parametrize("zone", [UTC, None])
def test_the_present_moment_is_the_default(zone: ZoneInfo | None) -> None:
    start = datetime.now(zone) - timedelta(hours=1)
    end = get_etc(1, 2, start)

    assert isinstance(end, datetime)
    assert timedelta(minutes=119) < end - start < timedelta(minutes=125)


def test_admin_addresses_are_those_of_the_admin_site() -> None:
    assert get_admin_change_url(Group(pk=5)) == "/auth/group/5/change/"
    assert get_admin_changelist_url(Group(pk=5)) == "/auth/group/"
    assert get_admin_changelist_url(Group) == "/auth/group/"


def test_a_proxy_is_shown_as_the_model_behind_it() -> None:
    class Team(Group):
        class Meta:
            proxy = True
            app_label = "auth"

    assert get_admin_change_url(Team(pk=5)) == "/auth/group/5/change/"


@pytest.mark.parametrize("zone", [BERLIN, "Europe/Berlin"])
def test_make_naive_gives_the_zone_s_clock(zone: ZoneInfo | str) -> None:
    assert make_naive(START, zone) == NAIVE + HOUR
    assert make_naive(NAIVE, zone) == NAIVE


@pytest.mark.parametrize("zone", [BERLIN, "Europe/Berlin"])
def test_make_aware_reads_the_zone_s_clock(zone: ZoneInfo | str) -> None:
    assert make_aware(NAIVE + HOUR, zone) == START
    assert make_aware(START, zone) is START
    assert make_aware(None, zone) is None


def test_localtime_is_in_the_current_zone() -> None:
    with timezone.override(BERLIN):
        local = localtime(START)

    assert local == START
    assert local.tzinfo == BERLIN
    assert localtime(None) is None


def test_localtime_reads_a_naive_time_in_the_project_s_zone() -> None:
    with timezone.override(BERLIN):
        assert localtime(NAIVE) == START.replace(tzinfo=timezone.get_default_timezone())


@override_settings(USE_TZ=False)
def test_localtime_leaves_a_naive_time_alone_without_time_zones() -> None:
    assert localtime(NAIVE) == NAIVE


def test_import_string_imports_what_a_path_names() -> None:
    assert import_string("chroniker.utils.get_etc") is get_etc
    with pytest.raises(ImportError):
        import_string("chroniker.utils.nothing")
