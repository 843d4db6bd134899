"""Local wall-clock time and real instants: the one place that knows about clock changes.

Two readings of a local time, both shared by cron expressions and recurrence rules:

fixed           "at 02:30": runs exactly once a day. In a gap it runs at the gap's end; a time that
                occurs twice runs the first time.
following       "every minute": runs whenever a real clock shows a matching time. Nothing in a gap,
                both times when the clock goes back.

Nothing here knows what kind of clock change it meets: half an hour, at midnight, a whole day.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from chroniker.exceptions import InvalidSchedule

#: Given a local time, yields the matching local times that are not earlier, in order.
LocalTimes = Callable[[datetime], Iterator[datetime]]

_MAX_NAME_LENGTH = 255
_SECOND = timedelta(seconds=1)


def find_zone(name: str, *, listed: bool) -> tzinfo:
    """The time zone called ``name``; InvalidSchedule if there is none.

    ``listed`` also demands that the time zone database lists it, which is slow to ask the first
    time and matters where file names are not case sensitive.
    """
    if name == "UTC":
        return UTC
    try:
        zone = _load_zone(name)
    except (ValueError, KeyError, OSError):
        raise _unknown_zone(name) from None
    if listed and name not in _listed_names():
        raise _unknown_zone(name)
    return zone


def first_instant(local: datetime, zone: tzinfo) -> datetime:
    """When ``local`` (naive) is first reached: in a gap, that is the gap's end. In UTC."""
    before, after = _offsets(local, zone)
    if before < after:
        return _gap_end(local, (before, after), zone)
    return _at(local, before)


def real_instants(local: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """When clocks in ``zone`` really show ``local`` (naive): never, once or twice. In UTC."""
    before, after = _offsets(local, zone)
    if before < after:
        return ()
    if before > after:
        return (_at(local, before), _at(local, after))
    return (_at(local, before),)


def next_fixed(local_times: LocalTimes, moment: datetime, zone: tzinfo) -> datetime | None:
    """The first instant after ``moment`` of local times that are read as fixed."""
    # first_instant never decreases, so nothing earlier on the clock can be later in time.
    for local in local_times(wall_time(moment, zone)):
        instant = first_instant(local, zone)
        if instant > moment:
            return instant
    return None


def next_following(local_times: LocalTimes, moment: datetime, zone: tzinfo) -> datetime | None:
    """The first instant after ``moment`` of local times that follow the clock."""
    now = wall_time(moment, zone)
    found = [
        _later_on_the_clock(local_times, now, moment, zone),
        _when_the_clock_goes_back(local_times, now, moment, zone),
    ]
    return min((instant for instant in found if instant is not None), default=None)


def wall_time(moment: datetime, zone: tzinfo) -> datetime:
    """What clocks in ``zone`` show at ``moment``; naive."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _later_on_the_clock(
    local_times: LocalTimes, now: datetime, moment: datetime, zone: tzinfo
) -> datetime | None:
    for local in local_times(now):
        if local == now:
            continue
        for instant in real_instants(local, zone):
            if instant > moment:
                return instant
    return None


def _when_the_clock_goes_back(
    local_times: LocalTimes, now: datetime, moment: datetime, zone: tzinfo
) -> datetime | None:
    """The repeat of a time that ``now`` has already passed; only while one lies ahead."""
    repeats = real_instants(now, zone)
    if not repeats or repeats[-1] <= moment:
        return None
    width = repeats[-1] - repeats[0]
    for local in local_times(now - width):
        if local > now:
            break
        again = real_instants(local, zone)
        if again and again[-1] > moment:
            return again[-1]
    return None


def _offsets(local: datetime, zone: tzinfo) -> tuple[timedelta, timedelta]:
    """UTC offsets before and after the clock change that ``local`` falls into, if any."""
    first = local.replace(tzinfo=zone).utcoffset()
    second = local.replace(tzinfo=zone, fold=1).utcoffset()
    return first or timedelta(), second or timedelta()


def _at(local: datetime, offset: timedelta) -> datetime:
    return (local - offset).replace(tzinfo=UTC)


def _gap_end(local: datetime, offsets: tuple[timedelta, timedelta], zone: tzinfo) -> datetime:
    """The first instant at which clocks show more than the skipped ``local``, by bisection."""
    before, after = offsets
    early, late = _at(local, after), _at(local, before)
    while late - early > _SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if wall_time(middle, zone) > local:
            late = middle
        else:
            early = middle
    return late


def _unknown_zone(name: str) -> InvalidSchedule:
    shown = repr(name[:60])
    return InvalidSchedule(
        f"Unknown time zone: {shown}. Write a name such as 'Europe/Berlin' or 'UTC'.",
        field="timezone",
    )


@lru_cache(maxsize=1024)
def _load_zone(name: str) -> ZoneInfo:
    if len(name) > _MAX_NAME_LENGTH:
        raise ValueError("too long")
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _listed_names() -> frozenset[str]:
    return frozenset(available_timezones())
