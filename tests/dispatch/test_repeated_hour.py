"""When clocks go back and the project has no time zones, no occurrence of that hour is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from chroniker.models import Job, Log
from tests.running import run_due

pytestmark = [pytest.mark.django_db(transaction=True)]

TWO = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
"""In Berlin, in summer time; an hour later it is two again."""

MINUTES = (0, 1, 59, 60, 61, 119, 120, 121)


def test_a_minutely_job_runs_at_each_tick_of_the_hour_and_of_its_repetition(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = "Europe/Berlin"
    next_run = datetime(2026, 10, 25, 2, 0)  # noqa: DTZ001 - as such a project stores it
    Job(name="tick", command="succeed", frequency="MINUTELY", next_run=next_run).save()

    for minute in MINUTES:
        now = TWO + timedelta(minutes=minute, seconds=1)
        monkeypatch.setattr("chroniker.dispatch.supervisor.database_now", lambda _, now=now: now)
        run_due(sync=True)

    assert [log.status for log in Log.objects.all()] == ["succeeded"] * len(MINUTES)
