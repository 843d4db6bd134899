"""What a schedule comes to: its words and next runs, with a mark where clocks change between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chroniker import constants
from chroniker.admin import display
from chroniker.models import Job
from chroniker.models.state import next_runs
from chroniker.moments import to_stored

COUNT = 10
_TEMPLATE = "admin/chroniker/job/schedule_preview.html"


@dataclass(frozen=True, kw_only=True)
class Upcoming:
    """A run that is to come: in the viewer's zone, and exactly in the job's."""

    when: str
    there: str
    clock_change: str
    """What clocks do between the run before and this one; '' for nothing."""


def render(job: Job, now: datetime) -> SafeString:
    """The schedule of this job, which need not be saved; says so if it cannot be read."""
    own, zone = str(timezone.get_current_timezone()), _zone_of(job).key
    context: dict[str, Any] = {"own_zone": own, "zone": zone, "jitter": ""}
    try:
        schedule = job.schedule()
        runs = next_runs(job, now, COUNT) if job.frequency not in constants.WITHOUT_TIMES else []
        context |= {
            "words": schedule.describe(),
            "warnings": schedule.warnings(),
            "runs": upcoming(runs, _zone_of(job), now),
            "has_times": job.frequency not in constants.WITHOUT_TIMES,
        }
    except (ValueError, OverflowError) as error:  # InvalidSchedule is a ValueError
        context |= {"fault": str(error)}
    if job.jitter_seconds:
        context["jitter"] = display.duration(timedelta(seconds=job.jitter_seconds))
    return render_to_string(_TEMPLATE, context)


def upcoming(moments: list[datetime], zone: tzinfo, now: datetime) -> list[Upcoming]:
    """These moments (UTC), each with what changes between it and the one before, or ``now``."""
    own = timezone.get_current_timezone()
    zones = [zone] if str(own) == str(zone) else [zone, own]
    found = []
    for before, moment in pairwise([now, *moments]):
        changes = [change for each in zones if (change := _clock_change(before, moment, each))]
        found.append(
            Upcoming(
                when=display.moment(to_stored(moment)),
                there=_exactly(moment, zone),
                clock_change=" ".join(changes),
            )
        )
    return found


def _clock_change(before: datetime, after: datetime, zone: tzinfo) -> str:
    """How far clocks went forward or back between two instants, in words."""
    old, new = before.astimezone(zone).utcoffset(), after.astimezone(zone).utcoffset()
    if old is None or new is None or old == new:
        return ""
    words = {"zone": str(zone), "time": display.duration(abs(new - old))}
    if new > old:
        return _("Clocks in %(zone)s go forward by %(time)s.") % words
    return _("Clocks in %(zone)s go back by %(time)s.") % words


def _exactly(moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{formats.date_format(local, 'D')} {local:%Y-%m-%d %H:%M:%S}"


def _zone_of(job: Job) -> ZoneInfo:
    return ZoneInfo(job.valid_zone_name)
