"""Which expressions are taken, what they mean, and what is said about the others."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chroniker.schedules import InvalidSchedule, Schedule, make_schedule

BASE = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def cron(expression: str, zone: str = "UTC") -> Schedule:
    return make_schedule("CRON", cron_expression=expression, timezone=zone)


def days(expression: str, count: int = 3, base: datetime = BASE) -> list[str]:
    found = cron(expression).between(base, base + timedelta(days=366 * 40), limit=count)
    return [f"{moment:%Y-%m-%d}" for moment in found]


DAYS = [
    ("0 0 29 2 *", ["2028-02-29", "2032-02-29", "2036-02-29"]),
    ("0 0 31 * *", ["2026-01-31", "2026-03-31", "2026-05-31"]),
    ("0 0 13 * 5", ["2026-01-16", "2026-01-23", "2026-01-30"]),
    ("0 0 13 2 5", ["2026-02-06", "2026-02-13", "2026-02-20"]),
    ("0 0 */2 * 1", ["2026-01-19", "2026-02-09", "2026-02-23"]),
    ("0 0 1-7 * */2", ["2026-02-01", "2026-02-03", "2026-02-05"]),
    ("0 0 1-31 * 1", ["2026-01-16", "2026-01-17", "2026-01-18"]),
    ("0 0 L * *", ["2026-01-31", "2026-02-28", "2026-03-31"]),
    ("0 0 l * *", ["2026-01-31", "2026-02-28", "2026-03-31"]),
    ("0 0 15W * *", ["2026-02-16", "2026-03-16", "2026-04-15"]),
    ("0 0 1W * *", ["2026-02-02", "2026-03-02", "2026-04-01"]),
    ("0 0 28w 2 *", ["2026-02-27", "2027-02-26", "2028-02-28"]),
    ("0 0 * * 5#3", ["2026-01-16", "2026-02-20", "2026-03-20"]),
    ("0 0 * * fri#3", ["2026-01-16", "2026-02-20", "2026-03-20"]),
    ("0 0 * * 5#5", ["2026-01-30", "2026-05-29", "2026-07-31"]),
    ("0 0 * * L5", ["2026-01-30", "2026-02-27", "2026-03-27"]),
    ("0 0 * * Lfri", ["2026-01-30", "2026-02-27", "2026-03-27"]),
    ("0 0 * * 7#1", ["2026-02-01", "2026-03-01", "2026-04-05"]),
    ("0 0 1 jan,JUL mon-fri", ["2026-01-16", "2026-01-19", "2026-01-20"]),
    ("0 0 * * sun", ["2026-01-18", "2026-01-25", "2026-02-01"]),
    ("0 0 * * 7", ["2026-01-18", "2026-01-25", "2026-02-01"]),
    ("0 0 * * 0-7", ["2026-01-16", "2026-01-17", "2026-01-18"]),
    ("0 0 * * 6-0", ["2026-01-17", "2026-01-18", "2026-01-24"]),
    ("0 0 * * 6-7", ["2026-01-17", "2026-01-18", "2026-01-24"]),
    ("0 0 * * 7-1", ["2026-01-18", "2026-01-19", "2026-01-25"]),
    ("0 0 * * fri-mon", ["2026-01-16", "2026-01-17", "2026-01-18", "2026-01-19", "2026-01-23"]),
    ("0 0 * * fri-mon/3", ["2026-01-16", "2026-01-19", "2026-01-23"]),
    ("0 0 * * 3/2", ["2026-01-16", "2026-01-21", "2026-01-23"]),
    ("0 0 * * 7/2", ["2026-01-17", "2026-01-18", "2026-01-20", "2026-01-22"]),
    ("0 0 29 2 */7", ["2032-02-29", "2060-02-29"]),
    ("0 0 1-1 * *", ["2026-02-01", "2026-03-01", "2026-04-01"]),
    ("0 0 * * 1-1", ["2026-01-19", "2026-01-26", "2026-02-02"]),
    ("@yearly", ["2027-01-01", "2028-01-01", "2029-01-01"]),
    ("@annually", ["2027-01-01", "2028-01-01", "2029-01-01"]),
    ("@monthly", ["2026-02-01", "2026-03-01", "2026-04-01"]),
    ("@weekly", ["2026-01-18", "2026-01-25", "2026-02-01"]),
    ("@daily", ["2026-01-16", "2026-01-17", "2026-01-18"]),
    ("@midnight", ["2026-01-16", "2026-01-17", "2026-01-18"]),
    ("@Daily", ["2026-01-16", "2026-01-17", "2026-01-18"]),
]


@pytest.mark.parametrize(("expression", "expected"), DAYS)
def test_days_are_chosen_as_cron_chooses_them(expression: str, expected: list[str]) -> None:
    assert days(expression, len(expected)) == expected


TIMES = [
    ("* * * * *", ["12:01", "12:02", "12:03"]),
    ("*/15 * * * *", ["12:15", "12:30", "12:45"]),
    ("5/15 * * * *", ["12:05", "12:20", "12:35", "12:50", "13:05"]),
    ("59/15 * * * *", ["12:59", "13:59", "14:59"]),
    ("1-1 * * * *", ["12:01", "13:01", "14:01"]),
    ("1-1/7 * * * *", ["12:01", "13:01", "14:01"]),
    ("*/60 * * * *", ["13:00", "14:00", "15:00"]),
    ("*,5 * * * *", ["12:01", "12:02", "12:03"]),
    ("50-59/4,3 * * * *", ["12:03", "12:50", "12:54", "12:58", "13:03"]),
    ("0 0,23 * * *", ["23:00", "00:00", "23:00"]),
    ("00 013 * * *", ["13:00", "13:00"]),
    ("@hourly", ["13:00", "14:00", "15:00"]),
    ("@HOURLY", ["13:00", "14:00", "15:00"]),
    ("\t0\t13 *\t* * ", ["13:00", "13:00"]),
    ("0 13 * * *\n", ["13:00", "13:00"]),
    ("0 13 * * *\r\n", ["13:00", "13:00"]),
    (" @daily\n", ["00:00", "00:00"]),
]


@pytest.mark.parametrize(("expression", "expected"), TIMES)
def test_times_are_chosen_as_cron_chooses_them(expression: str, expected: list[str]) -> None:
    found = cron(expression).between(BASE, BASE + timedelta(days=3), limit=len(expected))

    assert [f"{moment:%H:%M}" for moment in found] == expected


# The expression, and a part of what is said about it: the fault or the mend.
FAULTS = [
    ("*/5 * */32,1-7 * 2", "Day of month: The step in '*/32' is larger"),
    ("*/61 * * * *", "Write 60 or less"),
    ("*/100 * * * *", "Minute: The step"),
    ("0 */25 * * *", "Hour: The step"),
    ("0 0 * */13 *", "Month: The step"),
    ("0 0 * * */8", "Day of week: The step"),
    ("0 0 LW * *", "'LW'"),
    ("0 0 5L * *", "'5L'"),
    ("0 0 * * 5L", "Write 'L5'"),
    ("0 0 * * friL", "Write 'Lfri'"),
    ("0 0 * * L", "'L'"),
    ("0 0 * * L8", "8 is out of range"),
    ("0 0 * * 5#6", "'5#6'"),
    ("0 0 * * 5#0", "'5#0'"),
    ("0 0 * * #1", "'#1'"),
    ("0 0 * * 5#", "'5#'"),
    ("0 0 1 * 1#3", "needs '*' in the other day field, not '1'"),
    ("0 0 13 * 5#2", "needs '*' in the other day field"),
    ("0 0 1,15 * 1#1", "needs '*' in the other day field"),
    ("0 0 */1 * 1#1", "needs '*' in the other day field"),
    ("0 0 L * 1#1", "needs '*' in the other day field"),
    ("0 0 L * 1", "needs '*' in the other day field"),
    ("0 0 15W * 1", "needs '*' in the other day field"),
    ("0 0 * * L5,1", "must stand alone"),
    ("0 0 * * 1#1,1#3", "must stand alone"),
    ("0 0 L,15 * *", "must stand alone"),
    ("0 0 30W 2 *", "Write 28W or an earlier day"),
    ("0 0 29W * *", "28W"),
    ("0 0 0W * *", "0 is out of range"),
    ("0 0 W * *", "'W'"),
    ("@reboot", "do not start with a machine"),
    ("@every 5m", "interval"),
    ("@every_minute", "interval"),
    ("@fortnightly", "Unknown alias"),
    ("@", "Unknown alias"),
    ("@daily @daily", "Unknown alias"),
    ("* * * * * */15", "6 fields"),
    ("0 0 1 1 * 0 2099", "7 fields"),
    ("* * * * * * * *", "8 fields"),
    ("* * * *", "4 fields"),
    ("*", "1 field."),
    ("", "is empty"),
    ("   \t ", "is empty"),
    ("\n", "is empty"),
    ("0 0 * nov-feb *", "Write 'nov-12,1-feb'"),
    ("50-10 * * * *", "Write '50-59,0-10'"),
    ("0 22-6 * * *", "Write '22-23,0-6'"),
    ("10-5/0 * * * *", "The step in '10-5/0' is 0"),
    ("61 * * * *", "Minute: 61 is out of range. Write a number from 0 to 59."),
    ("60 * * * *", "Minute: 60"),
    ("0 24 * * *", "Hour: 24"),
    ("0 0 0 * *", "Day of month: 0"),
    ("0 0 32 * *", "Day of month: 32"),
    ("0 0 * 0 *", "Month: 0"),
    ("0 0 * 13 *", "Month: 13"),
    ("0 0 * * 8", "Day of week: 8"),
    ("-1 * * * *", "Minute: '-1' is not a range"),
    ("1- * * * *", "'1-' is not a range"),
    ("- * * * *", "'-' is not a range"),
    ("1-2-3 * * * *", "'2-3'"),
    ("*/0 * * * *", "is 0. Write 1 or more."),
    ("0-59/0 * * * *", "is 0"),
    ("*/ * * * *", "no usable step"),
    ("*/x * * * *", "no usable step"),
    ("*/5/5 * * * *", "no usable step"),
    ("*-5 * * * *", "'*' is not a value"),
    ("** * * * *", "'**'"),
    ("1,,2 * * * *", "empty entry"),
    (",1 * * * *", "extra comma"),
    ("1, * * * *", "empty entry"),
    ("1.5 * * * *", "'1.5' is not a value"),
    ("a b c d e", "'a' is not a value"),
    ("jan * * * *", "'jan' is not a value"),
    ("0 0 ? * *", "Write '*'"),
    ("0 0 * * ?", "Write '*'"),
    ("H * * * *", "draws"),
    ("H/15 * * * *", "draws"),
    ("H(0-29) * * * *", "draws"),
    ("R * * * *", "draws"),
    ("1~5 * * * *", "random"),
    ("~ * * * *", "random"),
    ("\u0665 * * * *", "ASCII"),
    ("0\u00a0 0 * * *", "ASCII"),
    ("0 0 * * *\u3000", "ASCII"),
    ("0 0\x00 * * *", "ASCII"),
    ("0 0 * *\n*", "ASCII"),
    ("0 0 * * \ud800", "ASCII"),
    ("99999999999999999999 * * * *", "is not a value"),
    ("*/99999999999999999999 * * * *", "no usable step"),
    ("0," * 200 + "0 * * * *", "longer than 255"),
    ("0" * 5_000_000, "longer than 255"),
]


@pytest.mark.parametrize(("expression", "said"), FAULTS, ids=lambda text: ascii(text)[:40])
def test_a_faulty_expression_is_refused_with_its_fault_and_its_mend(
    expression: str, said: str
) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        cron(expression)

    assert said in str(caught.value)
    assert caught.value.field == "cron_expression"
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("expression", ["0 0 31 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 feb *"])
def test_days_that_never_come_are_refused_when_the_future_is_asked_for(expression: str) -> None:
    schedule = cron(expression)

    assert schedule.next_after(BASE) is None
    with pytest.raises(InvalidSchedule, match="never occurs") as caught:
        schedule.require_future(BASE)
    assert caught.value.field == "cron_expression"


def test_a_schedule_with_a_future_passes() -> None:
    cron("0 0 29 2 *").require_future(BASE)


@pytest.mark.parametrize(
    ("expression", "warned"),
    [
        ("0 0 1-31 * 1", True),
        ("0 0 1 * 0-6", True),
        ("0 0 1 * 1", False),
        ("0 0 * * 1", False),
        ("0 0 * * *", False),
        ("0 0 L * *", False),
    ],
)
def test_a_day_field_that_makes_the_other_one_pointless_gives_a_warning(
    expression: str, warned: bool
) -> None:
    assert bool(cron(expression).warnings()) is warned


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), datetime(2040, 2, 29, tzinfo=UTC)),
        (datetime(2096, 3, 1, tzinfo=UTC), datetime(2104, 2, 29, tzinfo=UTC)),
        (datetime(2100, 1, 1, tzinfo=UTC), datetime(2104, 2, 29, tzinfo=UTC)),
    ],
)
def test_far_years_have_their_leap_days(moment: datetime, expected: datetime) -> None:
    assert cron("0 0 29 2 *").next_after(moment) == expected


def test_nothing_follows_the_end_of_the_calendar() -> None:
    assert cron("* * * * *").next_after(datetime(9999, 12, 31, 23, 59, tzinfo=UTC)) is None


def test_the_zone_of_the_question_does_not_matter() -> None:
    schedule = cron("0 9 * * *", "Europe/Berlin")

    assert schedule.next_after(BASE.astimezone(ZoneInfo("Asia/Tokyo"))) == schedule.next_after(BASE)
    assert schedule.next_after(BASE) == datetime(2026, 1, 16, 8, 0, tzinfo=UTC)
