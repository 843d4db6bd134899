"""The slow and obvious way: look at every minute there is, and at what clocks show in it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ZONES = sorted(available_timezones())

# Clock changes known to be awkward: a day that was left out, changes at midnight, by half an
# hour, by two hours, the wrong way round, without daylight saving time, and at odd offsets.
AWKWARD = (
    ("Pacific/Apia", datetime(2011, 12, 30, 10, 0, tzinfo=UTC)),
    ("Pacific/Kwajalein", datetime(1993, 8, 21, 12, 0, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, 0, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2019, 2, 17, 2, 0, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, 0, tzinfo=UTC)),
    ("Antarctica/Troll", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    ("Antarctica/Troll", datetime(2026, 10, 25, 1, 0, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 2, 15, 2, 0, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 3, 22, 2, 0, tzinfo=UTC)),
    ("Africa/Juba", datetime(2021, 1, 31, 21, 0, tzinfo=UTC)),
    ("Asia/Qostanay", datetime(2024, 2, 29, 18, 0, tzinfo=UTC)),
    ("Antarctica/Casey", datetime(2023, 3, 8, 16, 0, tzinfo=UTC)),
    ("Pacific/Chatham", datetime(2026, 4, 4, 14, 0, tzinfo=UTC)),
    ("Europe/Dublin", datetime(2026, 10, 25, 1, 0, tzinfo=UTC)),
    ("Asia/Pyongyang", datetime(2015, 8, 14, 15, 0, tzinfo=UTC)),
    ("America/Caracas", datetime(2016, 5, 1, 7, 0, tzinfo=UTC)),
)


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    """Every full minute later than ``start`` and not later than ``end``."""
    moment = start.replace(second=0, microsecond=0)
    while True:
        moment += MINUTE
        if moment > end:
            return
        yield moment


def shown(moment: datetime, zone: tzinfo) -> datetime:
    """What a clock on the wall shows."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def following(
    matches: Callable[[datetime], bool], start: datetime, end: datetime, zone: tzinfo
) -> list[datetime]:
    """Whenever a clock shows a matching minute."""
    return [moment for moment in minutes(start, end) if matches(shown(moment, zone))]


def fixed(
    matches: Callable[[datetime], bool], start: datetime, end: datetime, zone: tzinfo
) -> list[datetime]:
    """Each matching minute once: when it is first reached, or jumped over."""
    found = []
    # A clock may have been ahead of what it shows now by a whole day.
    latest = max(shown(moment, zone) for moment in minutes(start - 2 * DAY, start))
    for moment in minutes(start, end):
        now = shown(moment, zone)
        reached = False
        while latest < now:
            latest += MINUTE
            reached = reached or matches(latest)
        if reached:
            found.append(moment)
    return found


@cache
def clock_changes(name: str) -> tuple[datetime, ...]:
    """The instants from 2010 to 2037 at which clocks of a zone are put forward or back."""
    zone = ZoneInfo(name)
    found = []
    moment = datetime(2010, 1, 1, tzinfo=UTC)
    while moment.year < 2037:
        later = moment + 4 * DAY
        if offset(later, zone) != offset(moment, zone):
            found.append(_first_minute_with_another_offset(moment, later, zone))
        moment = later
    return tuple(found)


def offset(moment: datetime, zone: tzinfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _first_minute_with_another_offset(early: datetime, late: datetime, zone: tzinfo) -> datetime:
    before = offset(early, zone)
    while late - early > MINUTE:
        middle = (early + (late - early) / 2).replace(second=0, microsecond=0)
        if offset(middle, zone) == before:
            early = middle
        else:
            late = middle
    return late
