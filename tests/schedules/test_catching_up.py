"""A rule that began long ago finds its next occurrence without walking there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from chroniker.schedules import make_schedule
from tests.schedules.effort import count_calls

NOW = datetime(2026, 11, 20, 10, 0, 30, tzinfo=UTC)
NEW_YORK = "America/New_York"
THIRTY_YEARS = timedelta(days=10957)

# Frequency, parameters, how long ago the rule began, what comes next (in UTC; New York is -5).
BEHIND = [
    ("SECONDLY", "", timedelta(days=40), "2026-11-20 10:00:31"),
    ("SECONDLY", "interval:7", timedelta(days=40), "2026-11-20 10:00:35"),
    ("SECONDLY", "byhour:9;bysecond:0", timedelta(days=4000), "2026-11-20 14:00:00"),
    ("MINUTELY", "", timedelta(days=3650), "2026-11-20 10:01:30"),
    ("MINUTELY", "byhour:9", timedelta(days=3650), "2026-11-20 14:00:30"),
    ("MINUTELY", "byhour:9;interval:10", timedelta(days=3650), "2026-11-20 14:00:30"),
    ("MINUTELY", "byhour:9;interval:13", timedelta(days=3650), "2026-11-20 14:11:30"),
    ("HOURLY", "interval:7", timedelta(days=9000), "2026-11-20 16:00:30"),
    ("DAILY", "", THIRTY_YEARS, "2026-11-21 10:00:30"),
    ("DAILY", "interval:7", timedelta(days=10955), "2026-11-27 10:00:30"),
    ("WEEKLY", "interval:3;byweekday:MO", THIRTY_YEARS, "2026-11-23 10:00:30"),
    ("MONTHLY", "interval:5;bymonthday:1", THIRTY_YEARS, "2027-04-01 09:00:30"),
    ("YEARLY", "interval:4", THIRTY_YEARS, "2028-11-20 10:00:30"),
    ("DAILY", "count:20000", THIRTY_YEARS, "2026-11-21 10:00:30"),
    ("DAILY", "count:10000", THIRTY_YEARS, None),
    ("SECONDLY", "count:3456001", timedelta(days=40), None),
    ("SECONDLY", "count:3456002", timedelta(days=40), "2026-11-20 10:00:31"),
    ("MINUTELY", "byhour:9;count:1000000000", timedelta(days=3650), "2026-11-20 14:00:30"),
    ("WEEKLY", "count:2000", THIRTY_YEARS, "2026-11-25 10:00:30"),
]


@pytest.mark.parametrize(("frequency", "params", "age", "expected"), BEHIND)
def test_the_next_occurrence_is_found_by_arithmetic(
    frequency: str, params: str, age: timedelta, expected: str | None
) -> None:
    schedule = make_schedule(frequency, params=params, timezone=NEW_YORK, anchor=NOW - age)

    calls = count_calls(lambda: schedule.next_after(NOW))

    found = schedule.next_after(NOW)
    assert found == (expected and datetime.fromisoformat(expected).replace(tzinfo=UTC))
    # Walking the forty days of a SECONDLY rule alone would take 3,456,000 steps.
    assert calls < 200_000


def test_a_daily_job_takes_few_steps() -> None:
    schedule = make_schedule("DAILY", params="byhour:9", timezone="Europe/Berlin", anchor=NOW)

    assert count_calls(lambda: schedule.next_after(NOW)) < 300


@pytest.mark.parametrize(
    ("frequency", "params", "count"),
    [
        ("DAILY", "byhour:9,17;count:25", 25),
        ("DAILY", "byhour:9,17;interval:3;count:25", 25),
        ("DAILY", "bymonth:12;count:40", 40),
        ("WEEKLY", "byweekday:MO,FR;count:25", 25),
        ("MONTHLY", "bymonthday:1,-1;count:25", 25),
        ("MINUTELY", "count:25", 25),
        ("MINUTELY", "byhour:9;count:75", 75),
        ("HOURLY", "byminute:0,30;interval:5;count:25", 25),
        ("YEARLY", "count:3", 3),
        ("MONTHLY", "byweekday:FR;bysetpos:-1;count:7", 7),
        ("DAILY", "until:2026-12-01", 12),
        ("DAILY", "count:1", 1),
    ],
)
def test_a_count_is_counted_from_the_anchor(frequency: str, params: str, count: int) -> None:
    schedule = make_schedule(frequency, params=params, timezone="UTC", anchor=NOW)
    before = NOW - timedelta(days=1)

    found = list(schedule.between(before, NOW + timedelta(days=5000)))

    assert len(found) == count
    assert schedule.next_after(found[-1]) is None


def test_between_is_lazy_and_may_be_limited() -> None:
    schedule = make_schedule("SECONDLY", timezone="UTC", anchor=NOW)
    end = NOW + timedelta(days=10_000)

    endless: Iterator[datetime] = schedule.between(NOW, end)

    assert list(islice(endless, 2)) == list(schedule.between(NOW, end, limit=2))
    assert list(schedule.between(NOW, end, limit=0)) == []
    assert list(schedule.between(end, NOW)) == []


def test_between_leaves_out_its_start_and_keeps_its_end() -> None:
    schedule = make_schedule("MINUTELY", timezone="UTC", anchor=NOW)
    minute = timedelta(minutes=1)

    assert list(schedule.between(NOW, NOW + 2 * minute)) == [NOW + minute, NOW + 2 * minute]
