"""How far a run is, and how long it will take."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.timesince import timeuntil as django_timeuntil
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chroniker.moments import to_instant, utc_now

_MINUTE = 60


class ProgressAndEstimates(models.Model):
    """Values worked out from a job's state; all of them total functions."""

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        enabled: Any
        is_running: Any
        next_run: Any
        last_run_start_timestamp: Any
        total_parts: Any
        total_parts_complete: Any
        logs: Any

    @property
    def progress_ratio(self) -> float | None:
        """Parts complete by parts in total, or None where nothing was reported."""
        if not self.total_parts:
            return None
        complete, total = int(self.total_parts_complete), int(self.total_parts)
        return complete / total

    @property
    def progress_percent(self) -> float | None:
        """The ratio in percent, at most 100."""
        ratio = self.progress_ratio
        return None if ratio is None else min(ratio * 100, 100.0)

    def progress_percent_str(self) -> str:
        """The percentage in words."""
        percent = self.progress_percent
        return "" if percent is None else f"{round(percent)}%"

    @property
    def estimated_seconds_to_completion(self) -> float | None:
        """Seconds left if the rest goes as the part done; None where that is not known."""
        started: datetime | None = to_instant(self.last_run_start_timestamp)
        ratio = self.progress_ratio
        if not (self.is_running and started and ratio):
            return None
        elapsed = (utc_now() - started).total_seconds()
        return max(0.0, elapsed / ratio - elapsed)

    @property
    def estimated_completion_datetime(self) -> datetime | None:
        """When the run will be complete, by that estimate."""
        seconds = self.estimated_seconds_to_completion
        return None if seconds is None else timezone.now() + timedelta(seconds=seconds)

    def estimated_completion_datetime_str(self) -> datetime | str:
        """The same to the second, or '' where it is not known."""
        completion = self.estimated_completion_datetime
        return "" if completion is None else completion.replace(microsecond=0)

    def get_run_length_estimate(self, samples: int = 20) -> int | None:
        """Mean duration of the newest runs in seconds, without the extremes; None without runs."""
        newest = self.logs.carried_out().filter(duration_seconds__isnull=False)
        newest = newest.order_by("-run_end_datetime")
        durations = sorted(newest.values_list("duration_seconds", flat=True)[:samples])
        if len(durations) > 2:  # noqa: PLR2004 - fewer leave nothing without their extremes
            durations = durations[1:-1]
        return round(sum(durations) / len(durations)) if durations else None

    def get_timeuntil(self) -> str:
        """The time until the next run in words."""
        if not self.enabled:
            return str(_("never (disabled)"))
        if self.is_running:
            return str(_("running"))
        next_run = to_instant(self.next_run)
        if next_run is None:
            return str(_("never (no next run)"))
        seconds = int((next_run - utc_now()).total_seconds())
        if seconds <= 0:
            return str(_("due"))
        if seconds < _MINUTE:
            return ngettext("%d second", "%d seconds", seconds) % seconds
        return django_timeuntil(next_run, utc_now())

    timeuntil = property(get_timeuntil)
