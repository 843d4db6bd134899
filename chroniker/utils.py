"""Functions that code written for 1.x imports from here. The package itself does not use them."""

from datetime import datetime, timedelta, tzinfo
from typing import overload
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

__all__ = [
    "get_admin_change_url",
    "get_admin_changelist_url",
    "get_etc",
    "get_remaining_seconds",
    "import_string",
    "localtime",
    "make_aware",
    "make_naive",
]


def get_etc(
    complete_parts: float | None,
    total_parts: float | None,
    start_datetime: datetime | None,
    current_datetime: datetime | None = None,
    as_seconds: bool = False,  # noqa: FBT001, FBT002 - 1.x's signature
) -> datetime | float | None:
    """Return when a task will be complete if it goes on at the pace that it had until now.

    ``as_seconds`` gives the seconds that are left instead, never fewer than 0. None if nothing
    is complete yet or a number is missing.
    """
    remaining = get_remaining_seconds(complete_parts, total_parts, start_datetime, current_datetime)
    if remaining is None or start_datetime is None or as_seconds:
        return remaining
    return _current(start_datetime, current_datetime) + timedelta(seconds=remaining)


def get_remaining_seconds(
    complete_parts: float | None,
    total_parts: float | None,
    start_datetime: datetime | None,
    current_datetime: datetime | None = None,
) -> float | None:
    """Return ``get_etc`` as the seconds that are left."""
    if not complete_parts or not total_parts or start_datetime is None:
        return None
    if complete_parts < 0 or total_parts < 0:
        return None
    elapsed = (_current(start_datetime, current_datetime) - start_datetime).total_seconds()
    return max(0.0, elapsed * (total_parts - complete_parts) / complete_parts)


def _current(start: datetime, current: datetime | None) -> datetime:
    return current or datetime.now(start.tzinfo)


def get_admin_change_url(obj: Model) -> str:
    """Return the path of the admin page that changes ``obj``."""
    return reverse(f"admin:{_admin_name(obj)}_change", args=[obj.pk])


def get_admin_changelist_url(obj: Model | type[Model]) -> str:
    """Return the path of the admin page that lists the objects of a model."""
    return reverse(f"admin:{_admin_name(obj)}_changelist")


def _admin_name(obj: Model | type[Model]) -> str:
    # A proxy's objects are shown as those of the model behind it, as in 1.x.
    model = obj._meta.concrete_model or obj
    return f"{model._meta.app_label}_{model._meta.model_name}"


def make_naive(dt: datetime, tz: tzinfo | str) -> datetime:
    """Return ``dt`` as wall-clock time in ``tz``, or as it is if it is naive already."""
    return timezone.make_naive(dt, _zone(tz)) if timezone.is_aware(dt) else dt


@overload
def make_aware(dt: None, tz: tzinfo | str) -> None: ...
@overload
def make_aware(dt: datetime, tz: tzinfo | str) -> datetime: ...
def make_aware(dt: datetime | None, tz: tzinfo | str) -> datetime | None:
    """Return ``dt``, read as wall-clock time in ``tz``, or as it is if it is aware already."""
    if dt is None or timezone.is_aware(dt):
        return dt
    return timezone.make_aware(dt, _zone(tz))


def _zone(tz: tzinfo | str) -> tzinfo:
    return ZoneInfo(tz) if isinstance(tz, str) else tz


@overload
def localtime(dt: None) -> None: ...
@overload
def localtime(dt: datetime) -> datetime: ...
def localtime(dt: datetime | None) -> datetime | None:
    """Return ``dt`` in the current time zone; a naive one is in the project's zone already."""
    if dt is None or (timezone.is_naive(dt) and not settings.USE_TZ):
        return dt
    return timezone.localtime(make_aware(dt, timezone.get_default_timezone()))
