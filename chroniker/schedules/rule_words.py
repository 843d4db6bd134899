"""A recurrence rule in English."""

from datetime import datetime

from chroniker.schedules import english
from chroniker.schedules.params import RuleParams

_UNITS = {
    "YEARLY": "year",
    "MONTHLY": "month",
    "WEEKLY": "week",
    "DAILY": "day",
    "HOURLY": "hour",
    "MINUTELY": "minute",
    "SECONDLY": "second",
}
_CALENDAR = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_SHOWN_TIMES = 6


def describe_rule(frequency: str, params: RuleParams, anchor: datetime | None) -> str:
    """For example "every 2 weeks, on Tuesday and Wednesday, at 09:00"; no time zone.

    What the rule leaves open comes from ``anchor`` (local), if there is one.
    """
    unit = _UNITS[frequency]
    every = f"every {unit}" if params.interval == 1 else f"every {params.interval} {unit}s"
    words = [every, *_days(params), *_anchored_days(frequency, params, anchor)]
    words += _times(frequency, params, anchor)
    if params.bysetpos:
        places = english.join(english.ordinal(place) for place in params.bysetpos)
        words.append(f"only the {places} of each {unit}")
    if params.count is not None:
        words.append("once" if params.count == 1 else f"{params.count} times")
    if params.until is not None:
        words.append(f"until {params.until:%Y-%m-%d %H:%M:%S}")
    return ", ".join(words)


def _days(params: RuleParams) -> list[str]:
    words = []
    if params.bymonth:
        words.append(f"in {english.months(params.bymonth)}")
    if params.byweekno:
        words.append(f"in {_places('week', params.byweekno)} of the year")
    if params.byyearday:
        words.append(f"on {_places('day', params.byyearday)} of the year")
    if params.bymonthday:
        words.append(f"on {_places('day', params.bymonthday)} of the month")
    if params.byweekday:
        words.append(f"on {english.weekdays(params.byweekday)}")
    if params.byeaster:
        words.append(f"on day {english.numbers(params.byeaster)} after Easter Sunday")
    return words


def _anchored_days(frequency: str, params: RuleParams, anchor: datetime | None) -> list[str]:
    given = (params.byweekno, params.byyearday, params.bymonthday, params.byweekday)
    if anchor is None or any(given) or params.byeaster:
        return []
    if frequency == "WEEKLY":
        return [f"on {english.WEEKDAYS[anchor.weekday()]}"]
    if frequency == "MONTHLY" or (frequency == "YEARLY" and params.bymonth):
        return [f"on day {anchor.day} of the month"]
    if frequency == "YEARLY":
        return [f"on {anchor.day} {english.MONTHS[anchor.month - 1]}"]
    return []


def _times(frequency: str, params: RuleParams, anchor: datetime | None) -> list[str]:
    hours, minutes, seconds = params.byhour, params.byminute, params.bysecond
    if anchor is not None and frequency in _CALENDAR:
        hours, minutes = hours or (anchor.hour,), minutes or (anchor.minute,)
        seconds = seconds or (anchor.second,)
    if hours and minutes and len(hours) * len(minutes) * len(seconds or (0,)) <= _SHOWN_TIMES:
        times = [
            english.clock(hour, minute, second)
            for hour in hours
            for minute in minutes
            for second in seconds or (0,)
        ]
        return [f"at {english.join(times)}"]
    named = (("hour", hours), ("minute", minutes), ("second", seconds))
    return [f"at {name} {english.numbers(values)}" for name, values in named if values]


def _places(noun: str, values: tuple[int, ...]) -> str:
    """Numbers from the start ("day 1 and 15"), words from the end ("the last day")."""
    forward = [value for value in values if value > 0]
    backward = [value for value in reversed(values) if value < 0]
    words = [f"{noun} {english.numbers(forward)}"] if forward else []
    return english.join(words + [f"the {english.ordinal(value)} {noun}" for value in backward])
