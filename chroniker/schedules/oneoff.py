"""Schedules without a rule: one occurrence, or none."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from chroniker.schedules.base import Schedule
from chroniker.schedules.wall_clock import wall_time


@dataclass(frozen=True)
class OnceSchedule(Schedule):
    """One occurrence, at ``at`` (UTC); without it, none."""

    at: datetime | None
    zone: tzinfo

    def describe(self) -> str:
        if self.at is None:
            return f"once, at a time that is not set ({self.zone})"
        return f"once, at {wall_time(self.at, self.zone):%Y-%m-%d %H:%M:%S} ({self.zone})"

    @property
    def _field(self) -> str:
        return "next_run"

    def _search(self, moment: datetime) -> datetime | None:
        return self.at if self.at is not None and self.at > moment else None

    def _why_never(self) -> str:
        if self.at is None:
            return "A job that runs once needs the time at which it should run."
        return f"The only time has passed: {self.describe()}."


@dataclass(frozen=True)
class ManualSchedule(Schedule):
    """No occurrences: the job runs when somebody asks for it."""

    def describe(self) -> str:
        return "only by hand"

    def require_future(self, moment: datetime) -> None:
        """Nothing to demand: having no occurrence is the point."""

    @property
    def _field(self) -> str:
        return "frequency"

    def _search(self, moment: datetime) -> None:
        return None


class ChainedSchedule(ManualSchedule):
    """No occurrences of its own: the job runs when the jobs it waits for have run."""

    def describe(self) -> str:
        return "after the jobs it waits for"
