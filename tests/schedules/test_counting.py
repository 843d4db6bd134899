"""How many occurrences lie in a stretch of time: as many as there are, listed one by one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chroniker.schedules import make_schedule
from tests.examples import examples
from tests.schedules.rule_strategies import Drawn, Simple, as_text, rules, simple_rules
from tests.schedules.strategies import Cron, crons, frequent_crons, moments_of_change

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
lengths = st.integers(1, 3 * 86400).map(lambda seconds: timedelta(seconds=seconds))
ages = st.integers(-90_000, 4_000_000).map(lambda seconds: timedelta(seconds=seconds))


@examples(200)
@given(cron=frequent_crons() | crons(), where=moments_of_change(), length=lengths)
def test_of_a_cron_expression(cron: Cron, where: tuple[str, datetime], length: timedelta) -> None:
    zone, start = where
    schedule = make_schedule("CRON", cron_expression=cron.text, timezone=zone)

    counted = schedule.count(start, start + length)

    assert counted == len(list(schedule.between(start, start + length)))


@examples(200)
@given(simple=simple_rules(), where=moments_of_change(), age=ages, length=lengths)
def test_of_a_frequent_rule(
    simple: Simple, where: tuple[str, datetime], age: timedelta, length: timedelta
) -> None:
    zone, start = where
    text = as_text({**simple.lists, "interval": simple.interval})
    schedule = make_schedule(simple.frequency, params=text, timezone=zone, anchor=start - age)

    counted = schedule.count(start, start + length)

    assert counted == len(list(schedule.between(start, start + length)))


@examples(150)
@given(
    drawn=rules(("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")),
    where=moments_of_change(),
    age=ages,
    length=lengths,
)
def test_of_any_rule(
    drawn: Drawn, where: tuple[str, datetime], age: timedelta, length: timedelta
) -> None:
    zone, start = where
    schedule = make_schedule(drawn.frequency, params=drawn.text, timezone=zone, anchor=start - age)

    counted = schedule.count(start, start + length)

    assert counted == len(list(schedule.between(start, start + length)))


@pytest.mark.parametrize(
    ("frequency", "params", "expected"),
    [
        ("SECONDLY", "", 86_400),
        ("SECONDLY", "interval:7;count:10000", 9_999),
        ("SECONDLY", "byhour:1,2", 7_200),
        ("SECONDLY", "byhour:12,13;until:20260602T100000Z", 7_199),
        ("MINUTELY", "interval:5", 288),
        ("MINUTELY", "interval:5;until:20260601T130000Z", 12),
        ("DAILY", "byhour:14;until:20260601T150000Z", 1),
        ("ONCE", "", 0),
        ("MANUAL", "", 0),
    ],
)
def test_of_a_day(frequency: str, params: str, expected: int) -> None:
    schedule = make_schedule(frequency, params=params, timezone="UTC", anchor=NOON)
    assert schedule.count(NOON, NOON + timedelta(days=1)) == expected


@pytest.mark.parametrize("params", ["", "byhour:9"])
def test_of_a_rule_that_begins_when_it_is_asked(params: str) -> None:
    schedule = make_schedule("HOURLY", params=params, timezone="UTC")
    day = timedelta(days=1)
    assert schedule.count(NOON, NOON + day) == len(list(schedule.between(NOON, NOON + day)))
