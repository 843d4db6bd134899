"""What is said where no scheduler looks for due jobs, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from chroniker import write_database
from chroniker.admin import display
from chroniker.expectations import silence, web
from chroniker.invocation import crontab_line
from chroniker.models import Host


def hosts() -> list[Host]:
    """The hosts a scheduler has ever ticked on; one query."""
    return list(Host.objects.using(write_database.alias()).filter(last_tick__isnull=False))


def notice(known: Sequence[Host], now: datetime, *, may_set_up: bool) -> str:
    """A warning if no host's scheduler ticks at ``now`` (aware), as HTML; '' otherwise.

    ``may_set_up``: to whoever reads it the crontab line is of use.
    """
    if silence.anybody_ticks(known, now):
        return ""
    web.look(write_database.alias(), known, now)
    last = silence.last_tick(known)
    if last is None:
        title = _("No scheduler has ever looked for due jobs, so none will run.")
    else:
        title = _("No scheduler has looked for due jobs for %s.") % timesince(last, now)
    told = [_("Add this line to the crontab of a host:"), display.code(crontab_line())]
    return display.notice(title, told if may_set_up else [], "")
