"""Cron expressions, compared with a look at every minute."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from chroniker.schedules import Schedule, make_schedule
from tests.examples import examples
from tests.schedules import oracle
from tests.schedules.strategies import Cron, crons, frequent_crons, instants, moments_of_change

DAY = timedelta(days=1)


def schedule(expression: str, zone: str = "UTC") -> Schedule:
    return make_schedule("CRON", cron_expression=expression, timezone=zone)


def look_at_every_minute(cron: Cron, start: datetime, end: datetime, zone: str) -> list[datetime]:
    look = oracle.following if cron.follows_clock else oracle.fixed
    return look(cron.matches, start, end, ZoneInfo(zone))


@examples(150)
@given(cron=frequent_crons(), where=moments_of_change())
def test_a_clock_change_gives_the_same_as_looking_at_every_minute(
    cron: Cron, where: tuple[str, datetime]
) -> None:
    zone, start = where
    end = start + 2 * DAY

    found = list(schedule(cron.text, zone).between(start, end))

    assert found == look_at_every_minute(cron, start, end, zone)


@examples(150)
@given(cron=crons(), where=moments_of_change())
def test_any_expression_gives_the_same_as_looking_at_every_minute(
    cron: Cron, where: tuple[str, datetime]
) -> None:
    zone, start = where
    end = start + 3 * DAY

    found = list(schedule(cron.text, zone).between(start, end))

    assert found == look_at_every_minute(cron, start, end, zone)


@examples(100)
@given(cron=crons(), moment=instants)
def test_a_far_occurrence_is_the_first_day_that_matches(cron: Cron, moment: datetime) -> None:
    found = schedule(cron.text).next_after(moment)

    hour, minute = min(cron.hours), min(cron.minutes)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    expected = None
    for _ in range(40 * 366):
        if cron.matches(day.replace(hour=hour, minute=minute)):
            expected = day.replace(hour=hour, minute=minute)
            break
        day += DAY
    today = look_at_every_minute(cron, moment, moment.replace(hour=23, minute=59, second=59), "UTC")
    assert found == (today[0] if today else expected)


@examples(200)
@given(cron=crons(), zone=st.sampled_from(oracle.ZONES), moment=instants)
def test_occurrences_are_later_than_asked_and_in_order(
    cron: Cron, zone: str, moment: datetime
) -> None:
    rule = schedule(cron.text, zone)

    found = list(rule.between(moment, moment + 400 * DAY, limit=20))

    assert all(later > earlier for earlier, later in pairwise([moment, *found]))
    assert all(when.utcoffset() == timedelta(0) for when in found)


@examples(100)
@given(cron=crons(), zone=st.sampled_from(oracle.ZONES), moment=instants)
def test_nothing_lies_between_a_moment_and_its_next_occurrence(
    cron: Cron, zone: str, moment: datetime
) -> None:
    rule = schedule(cron.text, zone)
    found = rule.next_after(moment)

    if found is None:
        assert list(rule.between(moment, moment + 3000 * DAY)) == []
    else:
        halfway = moment + (found - moment) / 2
        assert rule.next_after(halfway) == found


@examples(100)
@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from(oracle.ZONES),
    moment=instants,
)
def test_a_daily_time_keeps_its_place_on_the_clock(
    hour: int, minute: int, zone: str, moment: datetime
) -> None:
    where = ZoneInfo(zone)

    for when in schedule(f"{minute} {hour} * * *", zone).between(moment, moment + 200 * DAY):
        local = oracle.shown(when, where)
        changed = oracle.offset(when - timedelta(minutes=1), where) != oracle.offset(when, where)
        assert changed or (local.hour, local.minute) == (hour, minute)
