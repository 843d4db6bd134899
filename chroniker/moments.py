"""Instants and what is stored of them.

Inside the package every moment is an aware datetime in UTC. With ``USE_TZ = False`` Django stores
naive datetimes in ``TIME_ZONE``; only the two functions here know about that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import overload

from django.conf import settings
from django.utils import timezone


@overload
def to_stored(instant: datetime) -> datetime: ...
@overload
def to_stored(instant: None) -> None: ...
def to_stored(instant: datetime | None) -> datetime | None:
    """The value a DateTimeField takes for this aware instant."""
    if instant is None or settings.USE_TZ:
        return instant
    return timezone.make_naive(instant, timezone.get_default_timezone())


@overload
def to_instant(stored: datetime) -> datetime: ...
@overload
def to_instant(stored: None) -> None: ...
def to_instant(stored: datetime | None) -> datetime | None:
    """The aware UTC instant of a DateTimeField's value.

    A naive value is read in the project's ``TIME_ZONE``, whatever ``USE_TZ`` says; in a repeated
    hour it is the first of its two instants.
    """
    if stored is None:
        return None
    if timezone.is_naive(stored):
        # PostgreSQL takes each naive time for the second of the two, and says so when it is read.
        first = stored.replace(fold=0)
        stored = timezone.make_aware(first, timezone.get_default_timezone())
    return stored.astimezone(UTC)


def iso(instant: datetime | None) -> str | None:
    """An aware instant for programs: ISO 8601, in UTC."""
    return None if instant is None else instant.isoformat()


def age(stored: datetime, now: datetime) -> timedelta:
    """How long it is since this DateTimeField's value; ``now`` is aware.

    Of one in a repeated hour, without time zones, the shorter of the two times that it can be.
    """
    found = [now - to_instant(stored)]
    if timezone.is_naive(stored):
        zone = timezone.get_default_timezone()
        found.append(now - timezone.make_aware(stored.replace(fold=1), zone))
    return min((one for one in found if one >= timedelta()), default=max(found))


def stored_after(now: datetime, length: timedelta) -> datetime:
    """What to store of the moment so much after ``now`` (aware): later than what is stored of now.

    Before a repeated hour without time zones, that is up to an hour more.
    """
    return max(to_stored(now + length), to_stored(now) + length)


def is_ambiguous(instant: datetime) -> bool:
    """Whether an earlier instant is stored as this one is: in a repeated hour, without zones."""
    if settings.USE_TZ:
        return False
    return bool(instant.astimezone(timezone.get_default_timezone()).fold)


def utc_now() -> datetime:
    """The host's wall clock. For entry points only: due and lease follow the database's clock."""
    return datetime.now(UTC)
