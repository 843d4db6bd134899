"""Are these tables ours? Asked before anything is started, or put right, that they hold."""

from __future__ import annotations

import logging
from datetime import datetime

from chroniker import settings
from chroniker.exceptions import HeldInstallation
from chroniker.models import Installation, Standing

logger = logging.getLogger("chroniker.dispatch")


def why_held(database: str, now: datetime) -> HeldInstallation | None:
    """Why nothing may be started here; None if it may. Tables that are nobody's become ours."""
    standing = Standing.settle(database, now)
    if not standing.is_held:
        return None
    rows = Installation.objects.using(database)
    is_news = rows.note_refusal(standing.here, now, settings.hostname())
    if is_news:
        logger.warning("held: %s", standing.reason)
    return HeldInstallation(standing.reason, is_news=is_news)


def refuse_if_held(database: str) -> None:
    """Raise HeldInstallation where nothing may be started; changes nothing."""
    standing = Standing.read(database)
    if standing.is_held:
        raise HeldInstallation(standing.reason)
