"""How many local times come true between two instants, without going through them.

Meant for days, not for years: the time in between is searched for clock changes.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo

from chroniker.schedules.wall_clock import wall_time

#: How many of a schedule's local times are not earlier than the first and earlier than the second.
LocalCount = Callable[[datetime, datetime], int]

_SECOND = timedelta(seconds=1)
_INSTANT = timedelta.resolution
_STEP = timedelta(hours=6)
_REACH = timedelta(days=1)
"""No clock change takes back more than this."""


def count_following(count: LocalCount, start: datetime, end: datetime, zone: tzinfo) -> int:
    """Of local times that follow the clock, those later than ``start`` and not than ``end``."""
    stretches = _stretches(start + _INSTANT, end + _INSTANT, zone)
    return sum(count(begin, stop) for begin, stop in stretches)


def count_fixed(count: LocalCount, start: datetime, end: datetime, zone: tzinfo) -> int:
    """The same of local times that are read as fixed."""
    if len(list(_stretches(start - _REACH, end + _INSTANT, zone))) == 1:
        return count(wall_time(start + _INSTANT, zone), wall_time(end + _INSTANT, zone))
    # What clocks show at the start may have come before: both are counted from a day earlier.
    before = start - _REACH
    return _fixed_until(count, before, end, zone) - _fixed_until(count, before, start, zone)


def _fixed_until(count: LocalCount, start: datetime, end: datetime, zone: tzinfo) -> int:
    found = 0
    reached: datetime | None = None
    for begin, stop in _stretches(start + _INSTANT, end + _INSTANT, zone):
        first = begin
        if reached is not None and reached < begin:
            # What the clock skipped runs at the gap's end, with what is to run then anyway.
            found += bool(count(reached, begin)) and not count(begin, begin + _SECOND)
        elif reached is not None:
            first = min(reached, stop)
        found += count(first, stop)
        reached = stop if reached is None else max(reached, stop)
    return found


def _stretches(start: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """What clocks show at the begin and end of each stretch in which none is changed."""
    begin, moment = start, start
    while moment < end:
        ahead = min(moment + _STEP, end)
        if _offset(moment, zone) != _offset(ahead, zone):
            change = _change(moment, ahead, zone)
            if begin < change:
                yield wall_time(begin, zone), wall_time(begin, zone) + (change - begin)
            begin = change
        moment = ahead
    if begin < end:
        yield wall_time(begin, zone), wall_time(begin, zone) + (end - begin)


def _change(early: datetime, late: datetime, zone: tzinfo) -> datetime:
    """The first second with the later one's offset, by bisection."""
    before = _offset(early, zone)
    early, late = early.replace(microsecond=0), late.replace(microsecond=0) + _SECOND
    while late - early > _SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if _offset(middle, zone) == before:
            early = middle
        else:
            late = middle
    return late


def _offset(moment: datetime, zone: tzinfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
