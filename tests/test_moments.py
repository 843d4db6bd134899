"""Stored moments where a project has no time zones, in the hour that comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from chroniker.moments import age, stored_after, to_stored

SECOND_TWO_O_CLOCK = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""In Berlin clocks have just been set back from 03:00."""

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=[True, False], ids=["zones", "no zones"], autouse=True)
def use_tz(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    settings.USE_TZ = request.param


@pytest.mark.parametrize("minutes", range(-90, 150, 10))
def test_what_was_stored_a_minute_ago_is_a_minute_old(minutes: int) -> None:
    now = SECOND_TWO_O_CLOCK + minutes * MINUTE
    assert age(to_stored(now - MINUTE), now) == MINUTE


@pytest.mark.parametrize("minutes", range(-90, 150, 10))
@pytest.mark.parametrize("length", [1, 2, 30, 61])
def test_what_is_stored_of_later_is_later(minutes: int, length: int) -> None:
    now = SECOND_TWO_O_CLOCK + minutes * MINUTE
    stored = stored_after(now, length * MINUTE)
    assert stored >= to_stored(now) + length * MINUTE
    assert stored >= to_stored(now + length * MINUTE)
