"""Moments, lengths of time and foreign text as people can read them; plain text, not escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import formats, timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

NOTHING = "\N{EN DASH}"


def plain_moment(value: datetime) -> str:
    """A stored moment in the current time zone, as the language writes it."""
    return formats.date_format(local(value), "DATETIME_FORMAT")


def local(value: datetime) -> datetime:
    """As templates have it: without time zone support, what is stored is local already."""
    return timezone.localtime(value) if timezone.is_aware(value) else value


def in_utc(instant: datetime) -> str:
    """An aware instant where it has to be exact, and the same for all who read it."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago(value: datetime | None, now: datetime) -> str:
    """How long it is since then, in words. Both aware."""
    if value is None:
        return NOTHING
    if now - value < timedelta(minutes=1):
        return _("just now")
    return _("%s ago") % timesince(value, now, depth=1)


def ahead(value: datetime, now: datetime) -> str:
    """How long it is until then, in words. Both aware."""
    if value - now < timedelta(minutes=1):
        return _("in a moment")
    return _("in %s") % timesince(now, value, depth=1)


def duration(value: timedelta | None) -> str:
    """A length of time as people say it, for instance ``1 h 04 m`` or ``12.3 s``."""
    if value is None:
        return ""
    seconds = max(0.0, value.total_seconds())
    if seconds < 60:  # noqa: PLR2004 - seconds of a minute
        return _("%s s") % formats.number_format(round(seconds, 1), 1)
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return _("%(days)d d %(hours)02d h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d h %(minutes)02d m") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)d m %(seconds)02d s") % {"minutes": minutes, "seconds": seconds}


def faults(error: ValidationError, names: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong, a line for each field: by its own name, or by that in ``names``."""
    found = []
    for field, messages in error.message_dict.items():
        words = " ".join(messages)
        name = (names or {}).get(field, field)
        found.append(words if field == NON_FIELD_ERRORS else f"{name}: {words}")
    return found


_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_DELETE = 0x7F
_SPACE = 0x20
_PICTURES = 0x2400


def visible(text: str) -> str:
    """The text with control characters, also those that turn the writing direction, made visible.

    Line ends of any kind become newlines. Not escaped for HTML.
    """
    return _CONTROL.sub(_picture, text.replace("\r\n", "\n").replace("\r", "\n"))


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < _SPACE:
        return chr(_PICTURES + code)
    return "\u2421" if code == _DELETE else f"\\u{code:04x}"
