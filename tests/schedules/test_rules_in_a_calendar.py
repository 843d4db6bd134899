"""Recurrence rules without time zones: python-dateutil is the measure, except in speed."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chroniker.schedules import InvalidSchedule, make_schedule
from chroniker.schedules.params import parse_params
from chroniker.schedules.rule import Rule
from tests.examples import examples
from tests.schedules.effort import count_calls
from tests.schedules.rule_strategies import Drawn, rules
from tests.schedules.strategies import instants


@examples(200)
@given(drawn=rules(), moment=instants)
def test_a_rule_yields_the_local_times_that_dateutil_yields(drawn: Drawn, moment: datetime) -> None:
    anchor = moment.replace(tzinfo=None)
    # One that never matches takes dateutil minutes to give up: ours says whether it is worth it.
    found = first_times(drawn, anchor, 12)

    expected = drawn.first_times(anchor, len(found))

    assert found == expected


def first_times(drawn: Drawn, anchor: datetime, count: int) -> list[datetime]:
    rule = Rule(drawn.frequency, anchor, parse_params(drawn.text, strict=True))
    return within_reach(list(islice(rule.times_from(anchor), count)), anchor)


def within_reach(times: list[datetime], anchor: datetime) -> list[datetime]:
    """Those within the forty years that schedules look ahead."""
    return [time for time in times if time - anchor < timedelta(days=40 * 365)]


@examples(200)
@given(drawn=rules(), skipped=st.integers(0, 60))
def test_a_rule_looked_at_later_keeps_its_phase_and_its_count(drawn: Drawn, skipped: int) -> None:
    anchor = datetime.fromisoformat("2026-01-15 09:30:15")
    rule = Rule(drawn.frequency, anchor, parse_params(drawn.text, strict=True))
    all_of_them = list(islice(rule.times_from(anchor), 80))

    for begin in all_of_them[skipped : skipped + 1]:
        found = list(islice(rule.times_from(begin), 20))
        expected = all_of_them[skipped : skipped + 20]
        assert within_reach(found, anchor) == within_reach(expected, anchor)


@pytest.mark.parametrize(
    ("frequency", "params"),
    [
        ("DAILY", "bymonth:2;bymonthday:30"),
        ("MONTHLY", "bymonth:4,6;bymonthday:31"),
        ("YEARLY", "byweekno:1;bymonth:6"),
        ("WEEKLY", "byyearday:1;bymonth:12"),
        ("HOURLY", "interval:4;byhour:10"),  # the anchor's hour is 9
        ("MINUTELY", "interval:2;byminute:1"),
        ("SECONDLY", "interval:2;bysecond:1"),
        ("SECONDLY", "interval:30;bysecond:1;byhour:9"),
        ("MINUTELY", "bymonth:2;bymonthday:30"),
        ("SECONDLY", "bymonth:2;bymonthday:30"),
        ("DAILY", "bysetpos:2"),
        ("MONTHLY", "byweekday:MO;bysetpos:6"),
        ("HOURLY", "byminute:1,2;bysetpos:3"),
    ],
)
def test_a_rule_that_never_matches_says_so_at_once(frequency: str, params: str) -> None:
    anchor = datetime(2026, 1, 15, 9, 30, 0, tzinfo=UTC)
    schedule = make_schedule(frequency, params=params, timezone="UTC", anchor=anchor)

    calls = count_calls(lambda: schedule.next_after(anchor))

    assert schedule.next_after(anchor) is None
    assert calls < 500_000
    with pytest.raises(InvalidSchedule, match="never occurs") as caught:
        schedule.require_future(anchor)
    assert caught.value.field == "params"


# Examples of the iCalendar standard (RFC 5545, section 3.8.5.3), and of what it says besides.
STANDARD = [
    ("WEEKLY", "interval:2;byweekday:TU,SU;wkst:MO", "1997-08-05", "08-05 08-10 08-19 08-24"),
    ("WEEKLY", "interval:2;byweekday:TU,SU;wkst:SU", "1997-08-05", "08-05 08-17 08-19 08-31"),
    ("MONTHLY", "byweekday:TU,WE,TH;bysetpos:3", "1997-09-04", "09-04 10-07 11-06"),
    ("MONTHLY", "byweekday:0,1,2,3,4;bysetpos:-2", "1997-09-29", "09-29 10-30 11-27 12-30"),
    ("MONTHLY", "bymonthday:-3", "1997-09-28", "09-28 10-29 11-28 12-29"),
    ("MONTHLY", "byweekday:FR;bymonthday:13", "1998-01-01", "02-13 03-13 11-13"),
    ("MONTHLY", "", "1997-08-31", "08-31 10-31 12-31 01-31 03-31"),
    ("YEARLY", "interval:3;byyearday:1,100,200", "1997-01-01", "01-01 04-10 07-19 01-01 04-09"),
    ("YEARLY", "byweekno:20;byweekday:MO", "1997-05-12", "05-12 05-11 05-17"),
    ("YEARLY", "byweekno:-1;byweekday:MO", "1997-01-01", "12-22 12-28 12-27 12-25"),
    ("YEARLY", "byeaster:-2", "2024-01-01", "03-29 04-18 04-03"),
    ("YEARLY", "bymonth:2;bymonthday:29", "2025-01-01", "02-29 02-29"),
    ("DAILY", "interval:10", "1997-09-02", "09-02 09-12 09-22 10-02"),
]


@pytest.mark.parametrize(("frequency", "params", "anchor", "expected"), STANDARD)
def test_the_examples_of_the_standard_hold(
    frequency: str, params: str, anchor: str, expected: str
) -> None:
    first = datetime.fromisoformat(anchor).replace(hour=9)
    rule = Rule(frequency, first, parse_params(params, strict=True))

    found = islice(rule.times_from(first), len(expected.split()))

    assert [f"{time:%m-%d}" for time in found] == expected.split()
