"""Parameters of recurrence rules, as text."""

from datetime import UTC, datetime, timedelta

import pytest

from chroniker.schedules import InvalidSchedule, Schedule, make_schedule
from chroniker.schedules.params import RuleParams, parse_params

ANCHOR = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
local = datetime.fromisoformat


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", RuleParams()),
        (" ;; ", RuleParams()),
        ("byweekday:TU,WE;interval:2", RuleParams(byweekday=(1, 2), interval=2)),
        (" byweekday : MO , su ; interval : 2 ", RuleParams(byweekday=(0, 6), interval=2)),
        ("byweekday:0,6", RuleParams(byweekday=(0, 6))),
        ("wkst:SU", RuleParams(wkst=6)),
        ("bymonthday:-1,+15,15", RuleParams(bymonthday=(-1, 15))),
        ("byhour:9;byhour:17", RuleParams(byhour=(17,))),
        ("interval:3;interval:2;", RuleParams(interval=2)),
        ("cache:1", RuleParams()),
        ("count:5;bysetpos:-1", RuleParams(count=5, bysetpos=(-1,))),
        ("byeaster:-2,0", RuleParams(byeaster=(-2, 0))),
        ("until:2026-12-31", RuleParams(until=local("2026-12-31 23:59:59"))),
        ("until:20261231", RuleParams(until=local("2026-12-31 23:59:59"))),
        ("until:2026-12-31T18:00", RuleParams(until=local("2026-12-31 18:00"))),
        ("until:2026-12-31 00:00:00", RuleParams(until=local("2026-12-31 00:00"))),
        ("until:2026-12-31T18:00:00Z", RuleParams(until=datetime(2026, 12, 31, 18, tzinfo=UTC))),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_text_is_read(text: str, expected: RuleParams, strict: bool) -> None:
    assert parse_params(text, strict=strict) == expected


# The text, and what is said about it.
FAULTS = [
    ("foo:1", "Unknown parameter: 'foo'"),
    ("freq:1", "Unknown parameter: 'freq'"),
    (":1", "Unknown parameter: ''"),
    ("dtstart:2026-01-01", "'dtstart' cannot be set here"),
    ("Interval:2", "Unknown parameter: 'Interval'"),
    ("interval:0", "interval: '0' is not possible. Write 1 to 10000."),
    ("interval:-1", "interval: '-1'"),
    ("interval:10001", "interval: '10001'"),
    ("interval:1,2", "interval: '1,2'"),
    ("interval:MO", "interval: 'MO'"),
    ("interval:", "interval: ''"),
    ("interval:1.5", "interval: '1.5'"),
    ("interval:\u0665", "interval:"),
    ("interval:1_0", "interval: '1_0'"),
    ("interval:" + "9" * 3000, "interval: '999"),
    ("count:0", "count: '0'"),
    ("bymonth:13", "bymonth: '13'"),
    ("bymonth:0", "bymonth: '0'"),
    ("bymonthday:0", "bymonthday: '0'"),
    ("bymonthday:32", "bymonthday: '32'"),
    ("byyearday:367", "byyearday: '367'"),
    ("byweekno:54", "byweekno: '54'"),
    ("byweekday:7", "byweekday: '7'"),
    ("byweekday:-1", "byweekday: '-1'"),
    ("byweekday:XX", "byweekday: 'XX'"),
    ("byweekday:MO,,TU", "byweekday: ''"),
    ("byweekday:1MO", "byweekday: '1MO'"),
    ("byhour:24", "byhour: '24'"),
    ("byhour:TU", "byhour: 'TU'"),
    ("byminute:60", "byminute: '60'"),
    ("bysecond:60", "bysecond: '60'"),
    ("bysetpos:0", "bysetpos: '0'"),
    ("byeaster:400", "byeaster: '400'"),
    ("wkst:8", "wkst: '8'"),
    ("until:soon", "until: 'soon' is not a date"),
    ("until:", "until: '' is not a date"),
    ("until:2026-13-01", "until: '2026-13-01'"),
    ("until:2026", "until: '2026'"),
    ("byhour:9;" * 500, "longer than 4000"),
]


@pytest.mark.parametrize(("text", "said"), FAULTS, ids=lambda text: ascii(text)[:40])
@pytest.mark.parametrize("strict", [True, False])
def test_a_fault_is_refused_by_name(text: str, said: str, strict: bool) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        make_schedule("DAILY", params=text, timezone="UTC", strict=strict)

    assert said in str(caught.value)
    assert caught.value.field == "params"
    assert len(str(caught.value)) < 500


IGNORED_BY_1X = [
    "interval=5",
    "garbage",
    "byhour:9:30",
    "byweekday:MO:TU",
    "foo:bar:baz",
    "until:soon:ish",
    "::",
]


@pytest.mark.parametrize("text", IGNORED_BY_1X)
def test_a_stored_row_may_hold_what_1x_ignored(text: str) -> None:
    assert parse_params(f"{text};interval:2", strict=False) == RuleParams(interval=2)


@pytest.mark.parametrize("text", IGNORED_BY_1X)
def test_a_form_takes_nothing_that_would_be_ignored(text: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        parse_params(f"interval:2;{text}", strict=True)

    assert text.split(":", maxsplit=1)[0] in str(caught.value)


def daily(params: str, zone: str = "America/New_York") -> Schedule:
    return make_schedule("DAILY", params=params, timezone=zone, anchor=ANCHOR)


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("2026-01-20", "2026-01-20 14:00"),  # 09:00 in New York
        ("2026-01-20T09:00", "2026-01-20 14:00"),
        ("2026-01-20T08:59:59", "2026-01-19 14:00"),
        ("2026-01-20T14:00Z", "2026-01-20 14:00"),
        ("2026-01-20T14:59+01:00", "2026-01-19 14:00"),
    ],
)
def test_until_is_inclusive_and_in_the_zone_of_the_job(until: str, last: str) -> None:
    schedule = daily(f"byhour:9;byminute:0;until:{until}")

    *_, found = schedule.between(ANCHOR, ANCHOR + timedelta(days=50))

    assert found == datetime.fromisoformat(last).replace(tzinfo=UTC)


def test_until_ends_an_interval_as_well() -> None:
    schedule = make_schedule(
        "HOURLY", params="until:2026-11-01T01:30", timezone="America/New_York", anchor=ANCHOR
    )
    start = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)

    # 01:30 comes twice in that night; the later one is meant.
    *_, found = schedule.between(start, start + timedelta(days=1))

    assert found == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_until_in_a_skipped_hour_ends_an_interval_there() -> None:
    schedule = make_schedule(
        "MINUTELY", params="until:2026-03-08T02:10", timezone="America/New_York", anchor=ANCHOR
    )
    start = datetime(2026, 3, 8, 6, 55, tzinfo=UTC)

    *_, found = schedule.between(start, start + timedelta(days=1))

    assert found == datetime(2026, 3, 8, 7, 10, tzinfo=UTC)


@pytest.mark.parametrize("frequency", ["DAILY", "HOURLY"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_the_last_day_of_the_calendar_means_for_ever(frequency: str, zone: str) -> None:
    schedule = make_schedule(frequency, params="until:9999-12-31", timezone=zone, anchor=ANCHOR)

    assert schedule.next_after(ANCHOR) is not None


@pytest.mark.parametrize("params", ["until:2026-01-10", "count:1"])
def test_a_rule_that_is_over_says_that_nothing_is_left(params: str) -> None:
    schedule = daily(params)

    assert schedule.next_after(ANCHOR) is None
    with pytest.raises(InvalidSchedule, match="No occurrence is left") as caught:
        schedule.require_future(ANCHOR)
    assert caught.value.field == "params"
