"""Recurrence rules in time zones, compared with a look at every minute."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from chroniker.schedules import Schedule, make_schedule
from tests.examples import examples
from tests.schedules import oracle
from tests.schedules.rule_strategies import Drawn, Simple, as_text, rules, simple_rules
from tests.schedules.strategies import instants, moments_of_change

DAY = timedelta(days=1)


@examples(200)
@given(simple=simple_rules(), where=moments_of_change(), age=st.integers(0, 4000))
def test_a_clock_change_gives_the_same_as_looking_at_every_minute(
    simple: Simple, where: tuple[str, datetime], age: int
) -> None:
    zone, start = where
    start = start.replace(second=0)
    anchor = start - timedelta(minutes=age)
    end = start + 2 * DAY
    text = as_text({**simple.lists, "interval": simple.interval})
    schedule = make_schedule(simple.frequency, params=text, timezone=zone, anchor=anchor)

    found = list(schedule.between(start, end))

    assert found == look_at_every_minute(simple, anchor, start, end, ZoneInfo(zone))


def look_at_every_minute(
    simple: Simple, anchor: datetime, start: datetime, end: datetime, zone: ZoneInfo
) -> list[datetime]:
    first = oracle.shown(anchor, zone)
    if simple.frequency in ("HOURLY", "MINUTELY") and not simple.lists:
        every = simple.interval * (60 if simple.frequency == "HOURLY" else 1)
        moments = oracle.minutes(start, end)
        return [one for one in moments if (one - anchor) // oracle.MINUTE % every == 0]
    if simple.follows_clock:
        return oracle.following(lambda local: simple.matches(local, first), start, end, zone)

    def matches(local: datetime) -> bool:
        return local >= first and simple.matches(local, first)

    return oracle.fixed(matches, start, end, zone)


@examples(200)
@given(drawn=rules(), zone=st.sampled_from(oracle.ZONES), anchor=instants, moment=instants)
def test_occurrences_are_later_than_asked_and_in_order(
    drawn: Drawn, zone: str, anchor: datetime, moment: datetime
) -> None:
    rule = make(drawn, zone, anchor)

    found = list(rule.between(moment, moment + 4000 * DAY, limit=20))

    assert all(later > earlier for earlier, later in pairwise([moment, *found]))
    assert all(when >= anchor and when.utcoffset() == timedelta(0) for when in found)


@examples(200)
@given(drawn=rules(), zone=st.sampled_from(oracle.ZONES), anchor=instants, moment=instants)
def test_nothing_lies_between_a_moment_and_its_next_occurrence(
    drawn: Drawn, zone: str, anchor: datetime, moment: datetime
) -> None:
    rule = make(drawn, zone, anchor)
    found = rule.next_after(moment)

    if found is None:
        assert list(rule.between(moment, moment + 3000 * DAY)) == []
    else:
        halfway = moment + (found - moment) / 2
        assert rule.next_after(halfway) == found


@examples(100)
@given(
    drawn=rules(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")),
    zone=st.sampled_from(oracle.ZONES),
    anchor=instants,
)
def test_a_time_of_day_keeps_its_place_on_the_clock(
    drawn: Drawn, zone: str, anchor: datetime
) -> None:
    where = ZoneInfo(zone)
    hours = drawn.arguments.get("byhour", [oracle.shown(anchor, where).hour])

    for when in make(drawn, zone, anchor).between(anchor, anchor + 3000 * DAY, limit=100):
        changed = oracle.offset(when - timedelta(seconds=1), where) != oracle.offset(when, where)
        assert changed or oracle.shown(when, where).hour in hours


@examples(100)
@given(drawn=rules(), zone=st.sampled_from(oracle.ZONES), anchor=instants, moment=instants)
def test_between_agrees_with_asking_again_and_again(
    drawn: Drawn, zone: str, anchor: datetime, moment: datetime
) -> None:
    rule = make(drawn, zone, anchor)
    end = moment + 900 * DAY
    asked: list[datetime] = []
    found = rule.next_after(moment)
    while found is not None and found <= end and len(asked) < 15:
        asked.append(found)
        found = rule.next_after(found)

    assert list(rule.between(moment, end, limit=15)) == asked


def make(drawn: Drawn, zone: str, anchor: datetime) -> Schedule:
    return make_schedule(drawn.frequency, params=drawn.text, timezone=zone, anchor=anchor)


def test_the_comparison_really_has_rules_with_occurrences() -> None:
    drawn = Drawn("DAILY", "byhour:9", {"byhour": [9]})
    first = make(drawn, "UTC", datetime(2026, 1, 1, tzinfo=UTC)).next_after(
        datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert first == datetime(2026, 1, 1, 9, tzinfo=UTC)
