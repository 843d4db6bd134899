"""Days of a calendar in the current time zone: which there are, when they begin, what clocks do."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from chroniker.admin import display

_FIRST_YEAR, _LAST_YEAR = 1971, 8999
_SUNDAY = 6
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """A day as clocks of a zone have it: from one midnight to the next (aware)."""

    date: date
    start: datetime
    end: datetime

    @property
    def clock_change(self) -> timedelta:
        """By how much clocks are put forward on it; negative if they are put back."""
        return _DAY - (self.end - self.start)


def day_of(chosen: date, zone: tzinfo) -> Day:
    """This day in a zone. A midnight that clocks skip is when they skip it."""
    midnight = datetime.min.time()
    begins = (datetime.combine(chosen + n * _DAY, midnight, zone) for n in (0, 1))
    start, end = (moment.astimezone(UTC) for moment in begins)
    return Day(chosen, start, end)


def days_from(first: date, count: int) -> list[Day]:
    """So many days in the current time zone."""
    zone = timezone.get_current_timezone()
    return [day_of(first + n * _DAY, zone) for n in range(count)]


def today(now: datetime) -> date:
    """The date in the current time zone."""
    return timezone.localtime(now).date()


def chosen_month(text: str, now: datetime) -> date:
    """The first day of the month that is asked for as ``2026-11``, or of this one."""
    return chosen_day(f"{text}-01", now).replace(day=1)


def chosen_day(text: str, now: datetime) -> date:
    """The day that is asked for as ``2026-11-21``, or today."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today(now)
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else today(now)


def next_month(month: date) -> date:
    """The first day of the month after it."""
    return (month.replace(day=28) + 4 * _DAY).replace(day=1)


def previous_month(month: date) -> date:
    """The first day of the month before it."""
    return (month.replace(day=1) - _DAY).replace(day=1)


def weeks(month: date) -> list[list[Day]]:
    """The weeks of a month, whole ones, as weeks begin in the current language."""
    zone = timezone.get_current_timezone()
    dates = calendar.Calendar(_first_weekday()).monthdatescalendar(month.year, month.month)
    return [[day_of(one, zone) for one in week] for week in dates]


def weekday_names(week: Sequence[Day]) -> list[tuple[str, str]]:
    """The names above the days of a week, short and long."""
    return [
        (formats.date_format(day.date, "D"), formats.date_format(day.date, "l")) for day in week
    ]


def clock_words(day: Day) -> str:
    """What clocks do on this day; '' if nothing."""
    change = day.clock_change
    if not change:
        return ""
    words = _("clocks go forward by %s") if change > timedelta() else _("clocks go back by %s")
    return words % display.duration(abs(change))


def _first_weekday() -> int:
    """0 is Monday; the formats of languages count from Sunday."""
    first = formats.get_format("FIRST_DAY_OF_WEEK")
    return (int(str(first)) + _SUNDAY) % 7
