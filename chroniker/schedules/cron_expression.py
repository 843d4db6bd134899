"""Reading a cron expression as cronie does.

Exactly five fields or an alias. The text is brought into a plain form first, so that the parser
behind it (croniter) sees nothing that its versions, or other crons, read differently.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from croniter import croniter

from chroniker.exceptions import InvalidSchedule
from chroniker.schedules.cron_days import (
    DayRule,
    LastDay,
    ListedDays,
    NearestWeekday,
    NthWeekday,
)
from chroniker.schedules.cron_field import (
    HOUR,
    MINUTE,
    MONTH,
    MONTH_DAY,
    WEEKDAY,
    Field,
    normalise,
    spread,
)

MAX_LENGTH = 255
_FIELDS = (MINUTE, HOUR, MONTH_DAY, MONTH, WEEKDAY)
_WEEK = 7
_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_NEAREST = re.compile(r"([0-9]{1,2})W", re.IGNORECASE)
_LAST_NEAREST_DAY = 28  # a later one would mean another day in some months
_NTH = re.compile(r"([0-9a-z]+)#([1-5])", re.IGNORECASE)
_LAST = re.compile(r"L([0-9a-z]+)", re.IGNORECASE)


@dataclass(frozen=True)
class CronFields:
    """What an expression means. Numbers are ascending.

    ``follows_clock``: the minute or the hour begins with a star (see wall_clock).
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    day_rule: DayRule
    follows_clock: bool


@lru_cache(maxsize=1024)
def parse_expression(expression: str) -> CronFields:
    """The meaning of ``expression``; InvalidSchedule names the fault and the mend."""
    minute, hour, month_day, month, weekday = fields = _split(_clean(expression))
    special = _special_day(month_day, weekday)
    if special is not None:
        fields = [minute, hour, "*", month, "*"]
    plain = " ".join(normalise(*pair) for pair in zip(fields, _FIELDS, strict=True))
    minutes, hours, month_days, months, weekdays = _expand(plain)
    listed = ListedDays(
        frozenset(month_days),
        frozenset((day - 1) % _WEEK for day in weekdays),
        both=month_day.startswith("*") or weekday.startswith("*"),
    )
    return CronFields(
        minutes,
        hours,
        months,
        listed if special is None else special,
        follows_clock=minute.startswith("*") or hour.startswith("*"),
    )


def _clean(expression: str) -> str:
    if len(expression) > MAX_LENGTH:
        raise _error(f"The expression is longer than {MAX_LENGTH} characters. Shorten its lists.")
    text = expression.strip(" \t\r\n")
    if not text:
        raise _error("The expression is empty. Write five fields, such as '0 9 * * mon-fri'.")
    if not text.replace("\t", " ").isascii() or not text.replace("\t", " ").isprintable():
        raise _error(
            "The expression has characters that are not plain ASCII. "
            "Write digits, letters, spaces and '*,-/#@' only."
        )
    return text


def _split(text: str) -> list[str]:
    if text.startswith("@"):
        text = _alias(text)
    fields = text.split()
    if len(fields) != len(_FIELDS):
        count = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        raise _error(
            f"The expression has {count}. Write exactly five: minute, hour, day of month, month, "
            "day of week. There are no fields for seconds or years."
        )
    return fields


def _alias(text: str) -> str:
    name = text.lower()
    if name == "@reboot":
        raise _error("'@reboot' has no time: jobs here do not start with a machine. Write a time.")
    if name.startswith("@every"):
        raise _error("'@every' is not cron. Choose a frequency with an interval instead.")
    if name not in _ALIASES:
        raise _error(f"Unknown alias: {text!r:.40}. Write one of {', '.join(_ALIASES)}.")
    return _ALIASES[name]


def _expand(plain: str) -> list[tuple[int, ...]]:
    try:
        parsed, _ = croniter.expand(plain)
    except ValueError as error:  # croniter's own errors are ValueErrors
        raise _error(f"The expression cannot be read: {error}") from None
    return [spread(values, field) for values, field in zip(parsed, _FIELDS, strict=True)]


def _special_day(month_day: str, weekday: str) -> DayRule | None:
    """L, W and #, which other crons combine with the rest in ways that nobody expects."""
    if re.search("[LW]", month_day, re.IGNORECASE):
        _refuse_company(month_day, weekday, MONTH_DAY)
        return _special_month_day(month_day)
    if re.search("[L#]", weekday, re.IGNORECASE):
        _refuse_company(weekday, month_day, WEEKDAY)
        return _special_weekday(weekday)
    return None


def _refuse_company(text: str, other: str, field: Field) -> None:
    if "," in text:
        raise field.error(f"{text!r} mixes L, W or # with other days. It must stand alone.")
    if other != "*":
        raise field.error(f"{text!r} needs '*' in the other day field, not {other!r}.")


def _special_month_day(text: str) -> DayRule:
    if text.upper() == "L":
        return LastDay()
    nearest = _NEAREST.fullmatch(text)
    if nearest is None:
        raise MONTH_DAY.error(f"{text!r} is not known here. Write 'L', or a day such as '15W'.")
    day = MONTH_DAY.number(nearest[1])
    if day > _LAST_NEAREST_DAY:
        raise MONTH_DAY.error(f"{text!r} is not in every month. Write 28W or an earlier day.")
    return NearestWeekday(day)


def _special_weekday(text: str) -> DayRule:
    if nth := _NTH.fullmatch(text):
        return NthWeekday(_python_weekday(nth[1]), int(nth[2]))
    if last := _LAST.fullmatch(text):
        return NthWeekday(_python_weekday(last[1]), -1)
    if text[:-1].isalnum() and text.upper().endswith("L"):
        raise WEEKDAY.error(f"{text!r} is not known here. Write 'L{text[:-1]}'.")
    raise WEEKDAY.error(
        f"{text!r} is not known here. Write 'L5' for the last Friday, '5#3' for the third."
    )


def _python_weekday(token: str) -> int:
    return (WEEKDAY.number(token) - 1) % _WEEK


def _error(text: str) -> InvalidSchedule:
    return InvalidSchedule(text, field="cron_expression")
