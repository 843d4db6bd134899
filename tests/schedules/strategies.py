"""Random schedules, together with what they mean."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.schedules.oracle import AWKWARD, ZONES, clock_changes

WEEKDAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTH_NAMES = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip


@dataclass(frozen=True)
class Cron:
    """An expression and the sets its fields stand for (Sunday is 0)."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    month_days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @property
    def follows_clock(self) -> bool:
        minute, hour, *_ = self.text.split()
        return minute[0] == "*" or hour[0] == "*"

    def matches(self, local: datetime) -> bool:
        if local.minute not in self.minutes or local.hour not in self.hours:
            return False
        if local.month not in self.months:
            return False
        fields = self.text.split()
        in_month = local.day in self.month_days
        in_week = local.isoweekday() % 7 in self.weekdays
        if fields[2][0] == "*" or fields[4][0] == "*":
            return in_month and in_week
        return in_month or in_week


@st.composite
def entries(
    draw: st.DrawFn, low: int, high: int, names: tuple[str, ...] = ()
) -> tuple[str, frozenset[int]]:
    """One entry of a field's list."""
    kind = draw(st.sampled_from(["value", "value", "range", "stepped range", "from", "star step"]))
    step = draw(st.integers(1, high - low + 1))
    start = draw(st.integers(low, high))
    end = draw(st.integers(start, high))

    def word(value: int) -> str:
        if draw(st.booleans()) and names:
            name = names[value - low]
            return draw(st.sampled_from([name, name.upper()]))
        return str(value)

    if kind == "value":
        return word(start), frozenset([start])
    if kind == "range":
        return f"{word(start)}-{word(end)}", frozenset(range(start, end + 1))
    if kind == "stepped range":
        return f"{word(start)}-{word(end)}/{step}", frozenset(range(start, end + 1, step))
    if kind == "from":
        return f"{word(start)}/{step}", frozenset(range(start, high + 1, step))
    return f"*/{step}", frozenset(range(low, high + 1, step))


@st.composite
def fields(
    draw: st.DrawFn, low: int, high: int, names: tuple[str, ...] = ()
) -> tuple[str, frozenset[int]]:
    """A star, or a list."""
    if draw(st.booleans()):
        return "*", frozenset(range(low, high + 1))
    listed = draw(st.lists(entries(low, high, names), min_size=1, max_size=3))
    return ",".join(text for text, _ in listed), frozenset().union(*(found for _, found in listed))


@st.composite
def crons(draw: st.DrawFn) -> Cron:
    """Any expression of the five plain fields."""
    drawn = [
        draw(fields(0, 59)),
        draw(fields(0, 23)),
        draw(fields(1, 31)),
        draw(fields(1, 12, MONTH_NAMES)),
        draw(fields(0, 6, WEEKDAY_NAMES)),
    ]
    return Cron(" ".join(text for text, _ in drawn), *(found for _, found in drawn))


@st.composite
def frequent_crons(draw: st.DrawFn) -> Cron:
    """Expressions that are due on most days, at hours when clocks are changed."""
    minutes = draw(
        st.sampled_from(["*", "*/15", "*/7", "0", "30", "59", "0-59/20", "1,2,45", "*,5"])
    )
    hours = draw(
        st.sampled_from(["*", "*/2", "*/3", "0", "1", "2", "3", "23", "0-23", "1-3", "22-23"])
    )
    return Cron(
        f"{minutes} {hours} * * *",
        _read(minutes, 59),
        _read(hours, 23),
        frozenset(range(1, 32)),
        frozenset(range(1, 13)),
        frozenset(range(7)),
    )


def _read(text: str, high: int) -> frozenset[int]:
    found: set[int] = set()
    for entry in text.split(","):
        base, _, step = entry.partition("/")
        start, dash, end = base.replace("*", f"0-{high}").partition("-")
        found.update(range(int(start), int(end if dash else start) + 1, int(step or 1)))
    return frozenset(found)


@st.composite
def moments_of_change(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone, and an instant shortly before one of its clock changes (or any instant)."""
    if draw(st.integers(0, 3)) == 0:
        name, change = draw(st.sampled_from(AWKWARD))
    else:
        name = draw(st.sampled_from(ZONES))
        change = draw(st.sampled_from(clock_changes(name) or (datetime(2026, 3, 1, tzinfo=UTC),)))
    return name, change - timedelta(minutes=draw(st.integers(-120, 2000)))


SECONDS_OF_20_YEARS = 20 * 365 * 86400

instants = st.integers(0, SECONDS_OF_20_YEARS).map(
    lambda seconds: datetime(2016, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
