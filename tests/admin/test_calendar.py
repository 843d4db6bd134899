"""The calendar of runs to come: days of the viewer's zone, few runs listed, many counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from chroniker.admin.pages import calendar, days, month
from chroniker.models import Job, Pause
from chroniker.models.agenda import Holds
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("times that the schedules compute, and a page"),
]

URL = "/chroniker/job/calendar/"
BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2027, 3, 20, 12, tzinfo=UTC)
TODAY = NOON.date()
TIMES = "\N{MULTIPLICATION SIGN}"
HOSTILE = "<script>alert(1)</script>\"'&\u202e"


@pytest.fixture(autouse=True)
def in_utc() -> Iterator[None]:
    """Whatever the project's zone is."""
    with timezone.override(UTC):
        yield


def planned(name: str = "job", *, at: datetime = NOON, **values: Any) -> Job:
    """A job whose next run is then; its rule goes on from there."""
    job = rows.job(name, **values)
    at = to_stored(at)
    Job.objects.filter(pk=job.pk).update(next_run=at, next_occurrence=at, anchor=at)
    return rows.fresh(job)


def entries(
    *jobs: Job, first: date = TODAY, count: int = 14, now: datetime = NOON, limit: int = 3
) -> list[list[days.Entry]]:
    shown = month.days_from(first, count)
    return days.by_day(jobs, shown, Holds.read(jobs, now), now, limit)


def page(query: str = "") -> Page:
    viewer = User.objects.filter(username="viewer").first() or people.user("viewer")
    return Browser(viewer).open(f"{URL}?{query}")


# Days


def test_a_day_is_as_long_as_clocks_make_it() -> None:
    lengths = {
        date(2027, 3, 27): (24, 0),
        date(2027, 3, 28): (23, 1),
        date(2027, 10, 31): (25, -1),
    }
    for one, (hours, change) in lengths.items():
        day = month.day_of(one, BERLIN)
        assert day.end - day.start == timedelta(hours=hours)
        assert day.clock_change == timedelta(hours=change)


def test_a_day_without_a_midnight_begins_when_it_is_skipped() -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    day, before = month.day_of(date(2018, 11, 4), zone), month.day_of(date(2018, 11, 3), zone)
    assert before.end == day.start == datetime(2018, 11, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(("language", "first"), [("en", 6), ("de", 0)])
def test_weeks_begin_as_in_the_language_of_the_page(language: str, first: int) -> None:
    with translation.override(language):
        weeks = month.weeks(date(2027, 2, 1))
    assert {week[0].date.weekday() for week in weeks} == {first}
    assert all(len(week) == 7 for week in weeks)


@pytest.mark.parametrize("text", ["", "2027", "2027-13", "0001-01", "9999-12", "x", "2027-03-01"])
def test_a_month_that_is_none_is_this_one(text: str) -> None:
    assert month.chosen_month(text, NOON) == date(2027, 3, 1)


@pytest.mark.parametrize("text", ["1971-01", "2027-12", "8999-12"])
def test_one_goes_from_month_to_month(text: str) -> None:
    chosen = month.chosen_month(text, NOON)
    assert f"{chosen:%Y-%m}" == text
    assert month.previous_month(month.next_month(chosen)) == chosen
    assert month.weeks(chosen)


# What is to come


def test_few_runs_of_a_day_are_listed_and_many_are_counted() -> None:
    daily = planned("daily", frequency="DAILY")
    often = planned("often", frequency="SECONDLY", at=NOON)
    today, tomorrow, *_rest = entries(daily, often)
    assert [(e.job.name, e.count, len(e.moments)) for e in today] == [
        ("daily", 1, 1),
        ("often", 12 * 3600, 3),
    ]
    assert [(e.job.name, e.count) for e in tomorrow] == [("daily", 1), ("often", 86_400)]
    assert tomorrow[1].is_frequent
    assert not tomorrow[0].is_frequent


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
@pytest.mark.parametrize("frequency", ["HOURLY", "DAILY", "WEEKLY"])
def test_all_that_the_schedule_names_is_on_its_day(frequency: str, zone: str) -> None:
    job = planned(frequency=frequency, timezone="America/New_York")
    with timezone.override(zone):
        found = entries(job, count=40, limit=30)
        for offset, day in enumerate(found):
            for entry in day:
                dates = {timezone.localtime(moment).date() for moment in entry.moments}
                assert dates == {NOON.date() + timedelta(days=offset)}
        listed = [moment for day in found for entry in day for moment in entry.moments]
        end = month.days_from(NOON.date(), 40)[-1].end
    expected = [NOON, *job.schedule().between(NOON, end - timedelta.resolution)]
    assert listed == expected


def test_days_that_are_over_are_empty_and_today_begins_now() -> None:
    job = planned(frequency="HOURLY", at=NOON + timedelta(minutes=30))
    found = entries(job, first=NOON.date() - timedelta(days=2), count=3, limit=30)
    assert found[:2] == [[], []]
    assert found[2][0].count == 12


def test_nothing_runs_before_the_next_run_nor_after_the_active_time() -> None:
    job = planned(frequency="DAILY", at=NOON + timedelta(days=3))
    Job.objects.update(active_until=to_stored(NOON + timedelta(days=5)))
    found = entries(rows.fresh(job))
    assert [bool(day) for day in found[:7]] == [False] * 3 + [True] * 3 + [False]


def test_what_falls_into_a_pause_knows_so() -> None:
    job = planned(frequency="DAILY")
    begin = NOON + timedelta(days=2)
    Pause.objects.create(
        job=job,
        reason="moving",
        starts_at=to_stored(begin),
        ends_at=to_stored(begin + timedelta(days=2)),
    )
    held = [day[0].hold is not None for day in entries(job, count=6)]
    assert held == [False, False, True, True, False, False]


def test_many_runs_are_paused_only_if_all_of_them_are() -> None:
    job = planned(frequency="MINUTELY")
    Pause.objects.create(
        job=job,
        starts_at=to_stored(NOON + timedelta(days=1)),
        ends_at=to_stored(NOON + timedelta(days=3)),
    )
    held = [day[0].hold is not None for day in entries(job, count=5)]
    assert held == [False, False, True, False, False]


def test_a_clock_change_in_the_jobs_zone_is_known() -> None:
    job = planned(frequency="DAILY", timezone="Europe/Berlin")
    changes = [day[0].clock_change for day in entries(job, first=date(2027, 3, 27), count=3)]
    assert changes == [False, True, False]


# The page


def first_of_next_month() -> date:
    return month.next_month(month.today(database_now("default")))


def test_the_month_says_of_each_day_how_many_runs_of_which_jobs() -> None:
    rows.job("nightly", params="byhour:3;byminute:0;bysecond:0", timezone="UTC")
    rows.job("often", frequency="CRON", cron_expression="*/5 * * * *", timezone="UTC")
    shown = page(f"month={first_of_next_month():%Y-%m}")
    assert shown.says("289 runs")
    assert shown.says("03:00 nightly")
    assert shown.says(f"{TIMES} 288 often")
    assert any("every 5 minutes" in values.get("title", "") for _tag, values in shown.tags)


def test_a_day_leads_to_its_agenda() -> None:
    rows.job("nightly", params="byhour:3;byminute:0;bysecond:0", timezone="UTC")
    rows.job("often", frequency="CRON", cron_expression="*/5 * * * *", timezone="UTC")
    shown = page(f"month={first_of_next_month():%Y-%m}")
    link = next(url for url, _words in shown.links if first_of_next_month().isoformat() in url)
    agenda = page(link.lstrip("?"))
    assert agenda.says("every day, at 03:00 (UTC)")
    assert agenda.says(f"every 5 minutes (UTC) {TIMES} 288")
    assert agenda.links_called("nightly")


def test_a_day_with_many_jobs_says_how_many_more_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calendar, "LINES_IN_CELL", 1)
    monkeypatch.setattr(calendar, "MOST_ROWS", 8)
    for name in ("a", "b"):
        rows.job(name)
    assert page(f"month={first_of_next_month():%Y-%m}").says("1 more")
    agenda = page(f"view=agenda&day={first_of_next_month()}")
    assert agenda.says("2 more runs of this day are left out.")


@override_settings(TIME_ZONE="Europe/Berlin")
def test_clock_changes_are_marked_and_the_jobs_own_time_is_told() -> None:
    with timezone.override(BERLIN):
        rows.job("abroad", timezone="America/New_York", params="byhour:22;byminute:0;bysecond:0")
        year = first_of_next_month().year + 1
        assert page(f"month={year}-03").says("clocks go forward by 1 h 00 m")
        assert page(f"month={year}-10").says("clocks go back by 1 h 00 m")
        agenda = page(f"view=agenda&day={year}-06-01")
        assert agenda.says("04:00")
        assert agenda.says("22:00 America/New_York")


def test_pauses_are_marked() -> None:
    job = rows.job()
    Pause.objects.create(job=job, reason="moving house")
    assert page(f"view=agenda&day={first_of_next_month()}").says("paused: moving house")


def test_jobs_are_chosen_and_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "MOST_JOBS", 1)
    rows.job("a", group="x")
    rows.job("b")
    when = f"view=agenda&day={first_of_next_month()}"
    assert page(when).links_called("a")
    assert page(when).links_called("More jobs")
    assert page(f"{when}&p=2").links_called("b")
    assert not page(f"{when}&q=b").links_called("a")
    assert not page(f"{when}&group=x").links_called("More jobs")


@pytest.mark.parametrize(
    "values",
    [
        {"enabled": False},
        {"next_run": None},
        {"frequency": "MANUAL", "next_run": None},
        {"frequency": "CRON", "cron_expression": "nonsense", "next_run": None},
    ],
)
@pytest.mark.parametrize("query", ["", "view=agenda"])
def test_jobs_that_will_not_run_are_not_there(query: str, values: dict[str, Any]) -> None:
    job = rows.job("idle")
    Job.objects.filter(pk=job.pk).update(**values)
    assert not page(query).links_called("idle")


@pytest.mark.parametrize("query", ["month=1971-01", "view=agenda&day=8999-12-31", "month=8999-12"])
def test_the_edges_of_the_calendar_are_pages_too(query: str) -> None:
    rows.job(frequency="SECONDLY")
    assert page(query).links_called("Later")


def test_names_stay_text() -> None:
    rows.job(HOSTILE, group=HOSTILE, frequency="HOURLY")
    for query in ("", "view=agenda", f"month={first_of_next_month():%Y-%m}"):
        assert "<script>alert" not in page(query).html


def test_who_may_not_see_jobs_is_refused() -> None:
    people.browser("staff").open(URL, status=403)
    people.browser("anonymous").open(URL, status=302)


@pytest.mark.parametrize("query", ["", "view=agenda", "group=group+1"])
def test_it_takes_as_many_queries_for_many_jobs_as_for_few(query: str) -> None:
    counts = []
    browser = people.browser("superuser")
    for number in range(10):
        rows.job(f"job {number}", group=f"group {number}", hostname="*" if number % 2 else "")
        browser.open(f"{URL}?{query}")
        with CaptureQueriesContext(connection) as captured:
            browser.open(f"{URL}?{query}")
        counts.append(len(captured))
    assert counts[-1] == counts[1] <= 12
