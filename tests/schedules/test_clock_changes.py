"""What a job does on the nights when clocks are put forward or back.

The rows are what cronie does, apart from its limit of three hours.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chroniker.schedules import Schedule, make_schedule

NEW_YORK = "America/New_York"
LORD_HOWE = "Australia/Lord_Howe"
SAO_PAULO = "America/Sao_Paulo"
QUARTERS = ["01:00", "01:15", "01:30", "01:45"]

# Zone, first local day, expression, what clocks show when it starts ("2" marks a repeated hour).
NIGHTS = [
    # Clocks forward, 02:00 to 03:00.
    (NEW_YORK, "2026-03-08", "30 2 * * *", ["03:00"]),
    (NEW_YORK, "2026-03-08", "0 2 * * *", ["03:00"]),
    (NEW_YORK, "2026-03-08", "*/15 2 * * *", []),
    (NEW_YORK, "2026-03-08", "0 * * * *", ["00:00", "01:00", "03:00"]),
    (NEW_YORK, "2026-03-08", "0 1-3 * * *", ["01:00", "03:00"]),
    (NEW_YORK, "2026-03-08", "@hourly", ["00:00", "01:00", "03:00"]),
    # Clocks back, 02:00 to 01:00.
    (NEW_YORK, "2026-11-01", "30 1 * * *", ["01:30"]),
    (NEW_YORK, "2026-11-01", "0 1-3 * * *", ["01:00", "02:00", "03:00"]),
    (NEW_YORK, "2026-11-01", "*/15 1 * * *", [*QUARTERS, *(f"{time} 2" for time in QUARTERS)]),
    (NEW_YORK, "2026-11-01", "0 * * * *", ["00:00", "01:00", "01:00 2", "02:00", "03:00"]),
    (NEW_YORK, "2026-11-01", "@daily", ["00:00"]),
    # Forward, 01:00 to 02:00.
    ("Europe/London", "2026-03-29", "30 1 * * *", ["02:00"]),
    ("Europe/London", "2026-03-29", "*/15 1 * * *", []),
    # Back, 02:00 to 01:00.
    ("Europe/London", "2026-10-25", "0 1 * * *", ["01:00"]),
    # Half an hour forward, 02:00 to 02:30.
    (LORD_HOWE, "2026-10-04", "15 2 * * *", ["02:30"]),
    (LORD_HOWE, "2026-10-04", "0 * * * *", ["00:00", "01:00", "03:00"]),
    # Half an hour back, 02:00 to 01:30.
    (LORD_HOWE, "2026-04-05", "45 1 * * *", ["01:45"]),
    (LORD_HOWE, "2026-04-05", "*/15 1 * * *", [*QUARTERS, "01:30 2", "01:45 2"]),
    # Forward at midnight: the day begins at 01:00.
    (SAO_PAULO, "2018-11-04", "0 0 * * *", ["01:00"]),
    (SAO_PAULO, "2018-11-04", "@daily", ["01:00"]),
    # Back at midnight: 23:00 to 24:00 comes twice.
    (SAO_PAULO, "2019-02-16", "30 23 * * *", ["23:30"]),
    # Back in the month of Ramadan, 03:00 to 02:00, and forward after it.
    ("Africa/Casablanca", "2026-02-15", "30 2 * * *", ["02:30"]),
    ("Africa/Casablanca", "2026-03-22", "30 2 * * *", ["03:00"]),
    # Two hours forward, 01:00 to 03:00.
    ("Antarctica/Troll", "2026-03-29", "30 1 * * *", ["03:00"]),
    # No 30 December 2011 at all.
    ("Pacific/Apia", "2011-12-30", "0 12 * * *", ["31 00:00", "31 12:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "day", "expression", "expected"), NIGHTS)
def test_a_job_starts_when_cron_would_start_it(
    zone: str, day: str, expression: str, expected: list[str]
) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)) - timedelta(seconds=1)
    until = datetime.fromisoformat(day).replace(hour=3, tzinfo=ZoneInfo(zone))
    if "23" in expression:
        until = until.replace(hour=23, minute=59, fold=1)
    if zone == "Pacific/Apia":
        until += timedelta(days=1, hours=9)
    schedule = make_schedule("CRON", cron_expression=expression, timezone=zone)

    found = schedule.between(start, until)

    assert [shown(moment, zone, day) for moment in found] == expected


def shown(moment: datetime, zone: str, day: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    other_day = "" if f"{local:%Y-%m-%d}" == day else f"{local:%d} "
    return f"{other_day}{local:%H:%M}{' 2' if local.fold else ''}"


NY = NEW_YORK
BY_HOUR = "byhour:{};byminute:30"
RULES_ON_NIGHTS = [
    # A daily rule keeps its time; on the two nights it does as cron does.
    ("DAILY", "", NY, "2026-03-06 02:30", ["07 02:30", "08 03:00", "09 02:30"]),
    ("DAILY", "", NY, "2026-10-30 01:30", ["31 01:30", "01 01:30", "02 01:30"]),
    ("DAILY", "byhour:9;byminute:0", NY, "2026-03-06 12:00", ["07 09:00", "08 09:00"]),
    ("WEEKLY", "", NY, "2026-03-01 02:30", ["08 03:00", "15 02:30", "22 02:30"]),
    # An interval goes by the time that has passed.
    ("HOURLY", "", NY, "2026-03-08 00:00", ["08 01:00", "08 03:00", "08 04:00"]),
    ("HOURLY", "", NY, "2026-11-01 00:00", ["01 01:00", "01 01:00 2", "01 02:00"]),
    ("HOURLY", "interval:2", NY, "2026-11-01 00:00", ["01 01:00 2", "01 03:00", "01 05:00"]),
    ("MINUTELY", "interval:30", LORD_HOWE, "2026-10-04 01:30", ["04 02:30", "04 03:00"]),
    # Hours that are named are times of day; minutes of any hour go by the clock.
    ("HOURLY", BY_HOUR.format("2,4"), NY, "2026-03-08 00:00", ["08 03:00", "08 04:30", "09 02:30"]),
    ("HOURLY", BY_HOUR.format("1,4"), NY, "2026-11-01 00:00", ["01 01:30", "01 04:30", "02 01:30"]),
    ("HOURLY", "byminute:30", NY, "2026-03-08 01:00", ["08 01:30", "08 03:30", "08 04:30"]),
    ("HOURLY", "byminute:30", NY, "2026-11-01 00:45", ["01 01:30", "01 01:30 2", "01 02:30"]),
    ("MINUTELY", "byhour:2,3;interval:30", NY, "2026-03-08 01:00", ["08 03:00", "08 03:30"]),
]  # fmt: skip


@pytest.mark.parametrize(("frequency", "params", "zone", "anchor", "expected"), RULES_ON_NIGHTS)
def test_a_rule_knows_times_of_day_from_time_that_passes(
    frequency: str, params: str, zone: str, anchor: str, expected: list[str]
) -> None:
    first = datetime.fromisoformat(anchor).replace(tzinfo=ZoneInfo(zone))
    schedule = make_schedule(frequency, params=params, timezone=zone, anchor=first)

    found = schedule.between(first, first + timedelta(days=30), limit=len(expected))

    assert [shown(moment, zone, "") for moment in found] == expected


def test_an_anchor_in_the_repeated_hour_does_not_start_an_hour_early() -> None:
    second_half_past_one = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    schedule = make_schedule("DAILY", timezone=NEW_YORK, anchor=second_half_past_one)

    found = schedule.next_after(second_half_past_one - timedelta(hours=2))

    assert found == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


EVERY_QUARTER = [
    make_schedule("CRON", cron_expression="*/15 * * * *", timezone=NEW_YORK),
    make_schedule(
        "MINUTELY",
        params="byhour:0,1,2;interval:15",
        timezone=NEW_YORK,
        anchor=datetime(2026, 10, 1, 4, 0, tzinfo=UTC),
    ),
]


@pytest.mark.parametrize("schedule", EVERY_QUARTER)
@pytest.mark.parametrize("late", [timedelta(microseconds=1), timedelta(seconds=1)])
def test_a_moment_just_after_an_occurrence_waits_for_the_next_not_for_the_repeat(
    schedule: Schedule, late: timedelta
) -> None:
    half_past_one = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # it comes again an hour later

    assert schedule.next_after(half_past_one + late) == half_past_one + timedelta(minutes=15)


def test_a_time_skipped_before_the_anchor_is_not_made_up_for() -> None:
    gap_end = datetime(2026, 3, 8, 7, 0, tzinfo=UTC)  # 03:00, an hour after 02:00
    schedule = make_schedule(
        "DAILY", params="byhour:2;byminute:30", timezone=NEW_YORK, anchor=gap_end
    )

    found = schedule.next_after(gap_end - timedelta(hours=1))

    assert found == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)


def test_rows_cover_clocks_that_go_forward_and_back() -> None:
    widths = set()
    for zone, day, _, _ in NIGHTS:
        noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=ZoneInfo(zone))
        before = (noon - timedelta(days=1)).utcoffset() or timedelta()
        after = (noon + timedelta(days=1)).utcoffset() or timedelta()
        widths.add((after - before) / timedelta(minutes=1))
    assert widths == {-60, -30, 30, 60, 120, 24 * 60}
