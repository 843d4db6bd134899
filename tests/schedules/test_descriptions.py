"""Schedules in words."""

from datetime import UTC, datetime

import pytest

from chroniker.schedules import make_schedule

FIRST = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)  # a Thursday; 09:30 in Berlin


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 9 * * mon-fri", "at 09:00, Monday to Friday"),
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("*/15 9-17 * * *", "every 15 minutes from 09:00 to 17:59, every day"),
        ("* 4,6 * * *", "every minute of hour 4 and 6, every day"),
        ("5 * * * *", "every hour at minute 5"),
        ("*/7 */2 * * *", "every 2 hours at minute 0, 7, 14, 21, 28, 35, 42, 49 and 56, every day"),
        ("0 8,12,17 * * 6", "at 08:00, 12:00 and 17:00, Saturday"),
        ("0,1,2 1-8/3 * * *", "at minute 0 to 2 of hour 1, 4 and 7, every day"),
        ("0 0 1,15 * *", "at 00:00, on day 1 and 15 of the month"),
        ("0 0 1 */3 *", "at 00:00, on day 1 of the month, in January, April, July and October"),
        ("0 0 13 * 5", "at 00:00, on day 13 of the month or on Friday"),
        (
            "0 0 */10 * 1,3",
            "at 00:00, on day 1, 11, 21 and 31 of the month, if it is Monday or Wednesday",
        ),
        ("0 0 L * *", "at 00:00, on the last day of the month"),
        ("0 0 15W * *", "at 00:00, on the working day nearest to day 15 of the month"),
        ("0 0 * * 5#3", "at 00:00, on the 3rd Friday of the month"),
        ("0 0 * * L1", "at 00:00, on the last Monday of the month"),
        ("@daily", "at 00:00, every day"),
    ],
)  # fmt: skip
def test_a_cron_expression_reads_as_a_sentence(expression: str, words: str) -> None:
    schedule = make_schedule("CRON", cron_expression=expression, timezone="Europe/Berlin")

    assert schedule.describe() == f"{words} (Europe/Berlin)"


@pytest.mark.parametrize(
    ("frequency", "params", "words"),
    [
        ("DAILY", "", "every day, at 09:30"),
        ("DAILY", "byhour:8,20;byminute:0", "every day, at 08:00 and 20:00"),
        ("WEEKLY", "", "every week, on Thursday, at 09:30"),
        (
            "WEEKLY",
            "byweekday:TU,WE;interval:2", "every 2 weeks, on Tuesday and Wednesday, at 09:30",
        ),
        ("MONTHLY", "", "every month, on day 15 of the month, at 09:30"),
        (
            "MONTHLY",
            "bymonthday:1,-1,-2",
            "every month, on day 1, the last day and the 2nd to last day of the month, at 09:30",
        ),
        (
            "MONTHLY",
            "byweekday:FR;bysetpos:-1",
            "every month, on Friday, at 09:30, only the last of each month",
        ),
        ("YEARLY", "", "every year, on 15 January, at 09:30"),
        ("YEARLY", "bymonth:3", "every year, in March, on day 15 of the month, at 09:30"),
        (
            "YEARLY",
            "byyearday:100;byweekno:15",
            "every year, in week 15 of the year, on day 100 of the year, at 09:30",
        ),
        ("YEARLY", "byeaster:1", "every year, on day 1 after Easter Sunday, at 09:30"),
        ("HOURLY", "interval:6", "every 6 hours"),
        ("MINUTELY", "byhour:9,10,11,12", "every minute, at hour 9 to 12"),
        ("SECONDLY", "interval:30;count:3", "every 30 seconds, 3 times"),
        ("DAILY", "count:1", "every day, at 09:30, once"),
        (
            "DAILY",
            "bysecond:5;until:2026-12-31", "every day, at 09:30:05, until 2026-12-31 23:59:59",
        ),
        ("ONCE", "", "once, at 2026-01-15 09:30:00"),
    ],
)  # fmt: skip
def test_a_rule_reads_as_a_sentence(frequency: str, params: str, words: str) -> None:
    schedule = make_schedule(frequency, params=params, timezone="Europe/Berlin", anchor=FIRST)

    assert schedule.describe() == f"{words} (Europe/Berlin)"


@pytest.mark.parametrize(
    ("frequency", "params", "words"),
    [
        ("WEEKLY", "", "every week (UTC)"),
        ("DAILY", "byhour:9", "every day, at hour 9 (UTC)"),
        ("MANUAL", "", "only by hand"),
        ("ONCE", "", "once, at a time that is not set (UTC)"),
    ],
)
def test_what_is_not_known_is_left_out(frequency: str, params: str, words: str) -> None:
    assert make_schedule(frequency, params=params, timezone="UTC").describe() == words
