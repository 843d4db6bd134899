"""Whatever is typed: a schedule that works, or a refusal that names the field. Never a hang."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from chroniker.schedules import InvalidSchedule, Schedule, make_schedule
from tests.examples import examples
from tests.schedules.effort import count_calls

NOW = datetime(2026, 11, 20, 10, 0, 30, tzinfo=UTC)
FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY", "ONCE")
KEYS = (
    "interval", "count", "until", "bysetpos", "bymonth", "bymonthday", "byyearday", "byweekno",
    "byweekday", "byhour", "byminute", "bysecond", "byeaster", "wkst", "cache", "dtstart", "x",
)  # fmt: skip
FIELD = st.text(st.sampled_from("0123456789*,-/#@LWHR?~ janmonsu\t\n\x00\u0665\xe9"), max_size=30)
EXPRESSION = st.one_of(st.text(max_size=300), FIELD, st.lists(FIELD, max_size=7).map(" ".join))
VALUE = st.one_of(
    st.integers(-400, 400).map(str),
    st.integers().map(str),
    st.lists(st.integers(-60, 60).map(str), min_size=1, max_size=5).map(",".join),
    st.sampled_from(["MO", "TU,WE", "MO,1", "2026-01-01", "9999-12-31", "0001-01-01T00:00", ""]),
    st.text(max_size=8),
)
PART = st.tuples(st.sampled_from(KEYS), st.sampled_from([":", ":", ":", "=", "::", ""]), VALUE).map(
    "".join
)
PARAMS = st.one_of(st.text(max_size=60), st.lists(PART, max_size=4).map(";".join))
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, ZoneInfo("Asia/Tokyo")]))


def make(frequency: str, **fields: Any) -> Schedule | InvalidSchedule:
    try:
        return make_schedule(frequency, **fields)
    except InvalidSchedule as error:
        return error


@examples(500)
@given(expression=EXPRESSION, moment=MOMENTS)
def test_any_text_is_an_expression_or_is_refused(expression: str, moment: datetime) -> None:
    made = make("CRON", cron_expression=expression, timezone="Europe/Berlin")

    if isinstance(made, InvalidSchedule):
        assert made.field == "cron_expression"
    else:
        assert_works(made, moment)


@examples(500)
@given(
    frequency=st.sampled_from(FREQUENCIES),
    params=PARAMS,
    strict=st.booleans(),
    anchor=st.one_of(st.none(), MOMENTS),
    moment=MOMENTS,
)
def test_any_parameters_are_a_rule_or_are_refused(
    frequency: str, params: str, strict: bool, anchor: datetime | None, moment: datetime
) -> None:
    made = make(frequency, params=params, timezone="America/New_York", anchor=anchor, strict=strict)

    if isinstance(made, InvalidSchedule):
        assert made.field in ("params", "next_run")
    else:
        assert_works(made, moment)


def assert_works(schedule: Schedule, moment: datetime) -> None:
    found = schedule.next_after(moment)
    assert found is None or found > moment
    assert schedule.describe().isprintable()


@examples(150)
@given(
    frequency=st.sampled_from(FREQUENCIES),
    params=st.lists(PART, max_size=4).map(";".join),
    anchor=st.one_of(st.none(), MOMENTS),
    moment=MOMENTS,
)
def test_no_parameters_make_a_rule_that_takes_long(
    frequency: str, params: str, anchor: datetime | None, moment: datetime
) -> None:
    made = make(frequency, params=params, timezone="America/New_York", anchor=anchor, strict=False)

    if isinstance(made, Schedule):
        assert count_calls(lambda: made.next_after(moment)) < 3_000_000


@examples(300)
@given(name=st.text(max_size=40))
def test_any_text_is_a_zone_or_is_refused(name: str) -> None:
    made = make("MANUAL", timezone=name)

    assert isinstance(made, Schedule) or made.field == "timezone"
