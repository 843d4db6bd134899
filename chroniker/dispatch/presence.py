"""Each host says that it has looked for due jobs, so that its silence can be told from quiet."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connections

import chroniker
from chroniker import settings
from chroniker.expectations import silence
from chroniker.models import Host
from chroniker.models.hiccups import HICCUPS

logger = logging.getLogger("chroniker.supervisor")


def note_tick(database: str, now: datetime) -> None:
    """Note a tick of this host, and what a silence has cost that this tick ends.

    To be called before the pass, which runs what the silence has held up. Who runs jobs does not
    stumble over it if that cannot be stored.
    """
    hosts = Host.objects.using(database)
    try:
        before = hosts.ticked(
            settings.hostname(),
            now,
            version=chroniker.__version__,
            capacity=settings.capacity(),
        )
    except HICCUPS as error:
        logger.warning("this tick could not be noted: %s", error)
        return
    try:
        silence.note_return(database, before, now)
    except Exception:  # whatever a job's schedule comes to
        logger.exception("what a silence has cost could not be found out")
        connections[database].close_if_unusable_or_obsolete()
