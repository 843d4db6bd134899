"""Other schedulers, each as a function that returns its jobs, as far as they can be ours."""

from __future__ import annotations

from collections.abc import Callable

from chroniker.interchange.document import Document
from chroniker.interchange.sources import (
    celery_beat,
    django_cron,
    django_crontab,
    q2,
    seed_tables,
    user_crontab,
)
from chroniker.interchange.sources.base import Origin

SOURCES: dict[str, Callable[[Origin], Document]] = {
    "crontab": user_crontab.read,
    "chroniker": seed_tables.chroniker,
    "chronograph": seed_tables.chronograph,
    "django-celery-beat": celery_beat.read,
    "django-q2": q2.read,
    "django-cron": django_cron.read,
    "django-crontab": django_crontab.read,
}
"""By the name that ``cron_import --from`` takes; each raises CannotImport."""
