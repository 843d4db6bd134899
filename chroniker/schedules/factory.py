"""From a job's fields to its schedule."""

from datetime import date, datetime, tzinfo

from chroniker.exceptions import InvalidSchedule
from chroniker.schedules.base import Schedule, in_utc
from chroniker.schedules.oneoff import ChainedSchedule, ManualSchedule, OnceSchedule
from chroniker.schedules.wall_clock import find_zone

_RULES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
_FREQUENCIES = (*_RULES, "CRON", "ONCE", "MANUAL", "CHAINED")


def make_schedule(
    frequency: str,
    *,
    params: str | None = "",
    cron_expression: str = "",
    timezone: str,
    anchor: datetime | None = None,
    strict: bool = True,
) -> Schedule:
    """The schedule that these fields of a job describe; InvalidSchedule if they do not.

    ``anchor`` (aware) is the first occurrence, from which intervals and counts are reckoned; a
    rule without one starts at the moment it is asked about. ``ONCE`` occurs at its anchor.
    ``strict`` is for people who are editing: every part of ``params`` must make sense. Without
    it, parts that 1.x ignored (no colon, or several) are ignored.
    """
    if frequency not in _FREQUENCIES:
        raise InvalidSchedule(
            f"Unknown frequency: {frequency!r:.60}. Choose one of {', '.join(_FREQUENCIES)}.",
            field="frequency",
        )
    zone = find_zone(timezone, listed=strict)
    first = None if anchor is None else _in_calendar(anchor)
    if frequency == "MANUAL":
        return ManualSchedule()
    if frequency == "CHAINED":
        return ChainedSchedule()
    if frequency == "ONCE":
        return OnceSchedule(first, zone)
    if frequency == "CRON":
        return _make_cron(cron_expression, zone)
    return _make_rule(frequency, params or "", zone, first, strict=strict)


def _in_calendar(anchor: datetime) -> datetime:
    first = in_utc(anchor)
    if not date.min.year < first.year < date.max.year:
        raise InvalidSchedule(
            f"The year {first.year} is at the calendar's edge. Write a time that is nearer.",
            field="next_run",
        )
    return first


def _make_cron(expression: str, zone: tzinfo) -> Schedule:
    from chroniker.schedules.cron import CronSchedule  # croniter takes long to import

    return CronSchedule.parse(expression, zone)


def _make_rule(
    frequency: str, params: str, zone: tzinfo, anchor: datetime | None, *, strict: bool
) -> Schedule:
    from chroniker.schedules.recurrence import make_rule

    return make_rule(frequency, params, zone, anchor, strict=strict)
