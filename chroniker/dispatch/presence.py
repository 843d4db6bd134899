"""Each host says that it has looked for due jobs, so that its silence can be told from quiet."""

from __future__ import annotations

import logging
from datetime import datetime

import chroniker
from chroniker import settings
from chroniker.models import Host
from chroniker.models.hiccups import HICCUPS

logger = logging.getLogger("chroniker.supervisor")


def note_tick(database: str, now: datetime) -> None:
    """Note a tick of this host. Who runs jobs does not stumble over it if that cannot be stored."""
    hosts = Host.objects.using(database)
    try:
        hosts.ticked(
            settings.hostname(),
            now,
            version=chroniker.__version__,
            capacity=settings.capacity(),
        )
    except HICCUPS as error:
        logger.warning("this tick could not be noted: %s", error)
