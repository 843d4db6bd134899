"""Random recurrence rules, together with what they mean."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from dateutil import rrule
from hypothesis import strategies as st

from tests.schedules.oracle import MINUTE

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")


@dataclass(frozen=True)
class Drawn:
    """A frequency with parameters, as text and as dateutil takes them."""

    frequency: str
    text: str
    arguments: dict[str, Any]

    def dateutil(self, dtstart: datetime) -> rrule.rrule:
        # dateutil takes the first day of the week from the calendar module of the process.
        arguments = {"wkst": 0, **self.arguments}
        return rrule.rrule(getattr(rrule, self.frequency), dtstart=dtstart, **arguments)

    def first_times(self, dtstart: datetime, count: int) -> list[datetime]:
        return list(islice(self.dateutil(dtstart), count)) if count else []


def lists(low: int, high: int) -> st.SearchStrategy[list[int]]:
    return st.lists(
        st.integers(low, high).filter(bool) if low < 0 else st.integers(low, high),
        min_size=1,
        max_size=3,
    )


TIME_FILTERS = {"byhour": lists(0, 23), "byminute": lists(0, 59), "bysecond": lists(0, 59)}
# Together they leave some day in most years: dateutil searches for rules that never match until
# the year 9999. (Beyond week 51 it takes some days of a year's last week for week 53.)
DAY_FILTERS = st.sampled_from(
    [
        {},
        {},
        {"bymonth": lists(1, 12)},
        {"bymonthday": lists(-28, 28)},
        {"byweekday": lists(0, 6)},
        {"byyearday": lists(-365, 365)},
        {"byweekno": lists(1, 51)},
        {"byeaster": lists(-60, 90)},
        {"bymonth": lists(1, 12), "bymonthday": lists(-28, 28)},
        {"bymonth": lists(1, 12), "byweekday": lists(0, 6)},
        {"bymonthday": lists(-28, 28), "byweekday": lists(0, 6)},
        {"byweekno": lists(1, 51), "byweekday": lists(0, 6)},
    ]
).flatmap(st.fixed_dictionaries)


@st.composite
def rules(draw: st.DrawFn, frequencies: tuple[str, ...] = FREQUENCIES) -> Drawn:
    frequency = draw(st.sampled_from(frequencies))
    arguments: dict[str, Any] = draw(DAY_FILTERS)
    names = draw(st.sets(st.sampled_from(sorted(TIME_FILTERS)), max_size=2))
    arguments |= {name: draw(TIME_FILTERS[name]) for name in sorted(names)}
    if arguments and frequency != "WEEKLY" and draw(st.integers(0, 3)) == 0:
        # In its first week, dateutil counts positions from the anchor.
        arguments["bysetpos"] = draw(st.sampled_from([[1], [-1], [2], [1, -1]]))
    if draw(st.booleans()):
        arguments["interval"] = draw(st.integers(1, 12))
    if draw(st.integers(0, 3)) == 0:
        arguments["wkst"] = draw(st.integers(0, 6))
    if draw(st.integers(0, 3)) == 0:
        arguments["count"] = draw(st.integers(1, 20))
    return Drawn(frequency, as_text(arguments), arguments)


def as_text(arguments: dict[str, Any]) -> str:
    return ";".join(
        f"{name}:{','.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in arguments.items()
    )


@dataclass(frozen=True)
class Simple:
    """A rule that is easily recognised in a single local minute."""

    frequency: str
    lists: dict[str, list[int]]
    interval: int

    @property
    def follows_clock(self) -> bool:
        named = {"HOURLY": ["byhour"], "MINUTELY": ["byhour", "byminute"]}
        return any(name not in self.lists for name in named.get(self.frequency, []))

    def matches(self, local: datetime, anchor: datetime) -> bool:
        return self._steps(local, anchor) % self.interval == 0 and all(
            value in self.lists.get(name, default)
            for name, value, default in (
                ("byhour", local.hour, range(24) if self._is_short else [anchor.hour]),
                ("byminute", local.minute, range(60) if self._is_minutely else [anchor.minute]),
                ("byweekday", local.weekday(), [anchor.weekday()] if self._is_weekly else range(7)),
            )
        )

    def _steps(self, local: datetime, anchor: datetime) -> int:
        if self._is_minutely:
            return (local - anchor) // MINUTE
        if self._is_short:
            return (local - anchor.replace(minute=0)) // timedelta(hours=1)
        if self._is_weekly:
            monday = anchor.date() - timedelta(days=anchor.weekday())
            return (local.date() - monday).days // 7
        return (local.date() - anchor.date()).days

    @property
    def _is_minutely(self) -> bool:
        return self.frequency == "MINUTELY"

    @property
    def _is_short(self) -> bool:
        return self.frequency in ("HOURLY", "MINUTELY")

    @property
    def _is_weekly(self) -> bool:
        return self.frequency == "WEEKLY"


@st.composite
def simple_rules(draw: st.DrawFn) -> Simple:
    drawn = {
        "byhour": draw(st.lists(st.sampled_from([0, 1, 2, 3, 23]), max_size=3)),
        "byminute": draw(st.lists(st.sampled_from([0, 15, 30, 45]), max_size=3)),
        "byweekday": draw(st.lists(st.integers(0, 6), max_size=4)),
    }
    lists = {name: values for name, values in drawn.items() if values}
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "HOURLY", "MINUTELY"]))
    return Simple(frequency, lists, draw(st.sampled_from([1, 1, 1, 2, 3, 7, 45])))
