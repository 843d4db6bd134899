"""Telling the project's own code of a run."""

from __future__ import annotations

import logging

from django.db import connections
from django.dispatch import Signal

from chroniker.models import Job, Log
from chroniker.models.hiccups import HICCUPS

logger = logging.getLogger("chroniker.runs")


def announce(signal: Signal, database: str, log_id: int) -> None:
    """Send a signal about this run, as it is stored now. Never raises: the run is as it is."""
    if not signal.receivers:
        return
    try:
        log = Log.objects.using(database).select_related("job").get(pk=log_id)
    except (Log.DoesNotExist, *HICCUPS) as error:
        logger.warning("run=%s nobody is told of it: %s", log_id, error)
        connections[database].close_if_unusable_or_obsolete()
        return
    for receiver, answer in signal.send_robust(Job, job=log.job, log=log, status=log.state):
        if isinstance(answer, Exception):
            logger.error("run=%s receiver %s failed", log_id, receiver, exc_info=answer)
