"""What is said where no scheduler looks for due jobs, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings as django_settings
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from chroniker import write_database
from chroniker.admin import display
from chroniker.models import Host
from chroniker.moments import to_instant


def hosts() -> list[Host]:
    """The hosts a scheduler has ever ticked on; one query."""
    return list(Host.objects.using(write_database.alias()).filter(last_tick__isnull=False))


def notice(known: Sequence[Host], now: datetime, *, may_set_up: bool) -> str:
    """A warning if no host's scheduler ticks at ``now`` (aware), as HTML; '' otherwise.

    ``may_set_up``: to whoever reads it the crontab line is of use.
    """
    if any(not host.is_silent(now) for host in known):
        return ""
    last = max((moment for host in known if (moment := to_instant(host.last_tick))), default=None)
    if last is None:
        title = _("No scheduler has ever looked for due jobs, so none will run.")
    else:
        title = _("No scheduler has looked for due jobs for %s.") % timesince(last, now)
    told = [_("Add this line to the crontab of a host:"), display.code(crontab_line())]
    return display.notice(title, told if may_set_up else [], "")


def crontab_line() -> str:
    """The line that makes the system's cron look for due jobs each minute."""
    base = Path(getattr(django_settings, "BASE_DIR", "."))
    known = (folder for folder in (base, base.parent) if (folder / "manage.py").exists())
    folder = next(known, "/path/to/project")
    # A web server that has Python inside is no interpreter.
    python = sys.executable if "python" in Path(sys.executable).name else "python"
    return f"* * * * * cd {folder} && {python} manage.py cron"
