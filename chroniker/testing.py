"""For the tests of your project: what your jobs will do at whatever moment, without waiting.

    with freeze("2027-01-01 02:00", tz="Europe/Berlin") as scheduler:
        assert scheduler.would_run() == ["backup"]
        assert scheduler.why_not("newsletter") == ["its next run has not come"]

    assert_only_runs(on="2027-01-01", jobs=["backup"])

The jobs are those of the test's database. The answers come from the code by which ``cron`` decides:
schedules, dependencies, pauses, keys, capacity. It is as if all had run in time until that moment,
and well; what begins takes as long as it usually does (a second, if it never ran). Nothing is
written and nothing is started.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone

from chroniker import write_database
from chroniker.dispatch import prospect
from chroniker.dispatch.forecast import Planned
from chroniker.dispatch.gates import shut
from chroniker.models import Job
from chroniker.models.database_clock import database_now

if TYPE_CHECKING:
    from chroniker.dispatch.forecast import Forecast
    from chroniker.dispatch.gates import Gate

__all__ = [
    "FrozenScheduler",
    "Planned",
    "assert_does_not_run",
    "assert_only_runs",
    "assert_runs",
    "freeze",
    "moment",
]

Moment = str | date | datetime
"""``2027-01-01``, ``2027-01-01 02:00``, or an object; without a zone it is in that of ``tz``."""

A_MINUTE = timedelta(minutes=1)
A_DAY = timedelta(days=1)

_NAMED = 5
"""So many runs are named when none was expected."""


def moment(value: Moment, tz: str | None = None) -> datetime:
    """An aware moment; ``tz`` is by default the project's time zone. A date is its midnight."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if value.tzinfo is not None:
        return value
    return value.replace(tzinfo=ZoneInfo(tz) if tz else timezone.get_default_timezone())


@contextmanager
def freeze(at: Moment, *, tz: str | None = None) -> Iterator[FrozenScheduler]:
    """The scheduler of this host at that moment. Jobs are read when it is asked something."""
    yield FrozenScheduler(at=moment(at, tz), tz=tz)


@dataclass(kw_only=True)
class FrozenScheduler:
    """What would happen if it were ``at`` (aware) now."""

    at: datetime
    tz: str | None = None
    database: str = field(default_factory=write_database.alias)

    def would_run(self, until: Moment | None = None) -> list[str]:
        """The names of the jobs that would start in this minute, or until then, each once.

        In the order in which they would start.
        """
        end = self.at + A_MINUTE if until is None else moment(until, self.tz)
        return list(dict.fromkeys(run.job_name for run in self.runs_between(self.at, end)))

    def runs_between(self, start: Moment, end: Moment) -> list[Planned]:
        """The runs that would begin from ``start`` on and before ``end``, in order."""
        begin = moment(start, self.tz)
        runs = self._from(begin).until(moment(end, self.tz))
        return [run for run in runs if run.starts >= begin]

    def why_not(self, job: Job | str | int) -> list[str]:
        """Why this job would not start at this moment, in words; nothing if it would.

        ``job`` may be its name or id. Raises ValueError if there is none, or more than one.
        """
        return [gate.reason for gate in shut(self._gates[_found(job, self.database).pk])]

    @cached_property
    def _gates(self) -> dict[int, list[Gate]]:
        return self._from(self.at).gates()

    def _from(self, begin: datetime) -> Forecast:
        return prospect.at(self.database, database_now(self.database), begin)


def assert_only_runs(*, on: Moment, jobs: Collection[str], tz: str | None = None) -> None:
    """Fail unless exactly these jobs (by name) begin on that day."""
    day = moment(on, tz)
    found = _names(day, _a_day_later(day))
    missing, others = set(jobs) - found, found - set(jobs)
    faults = [f"{', '.join(sorted(missing))} would not run"] if missing else []
    faults += [f"{', '.join(sorted(others))} would run as well"] if others else []
    if faults:
        raise AssertionError(f"On {day:%Y-%m-%d}: {'; '.join(faults)}")


def assert_runs(job: str, *, at: Moment, tz: str | None = None) -> None:
    """Fail unless this job begins in that minute."""
    with freeze(at, tz=tz) as scheduler:
        if job in scheduler.would_run():
            return
        reasons = "; ".join(scheduler.why_not(job)) or "it begins at another moment"
    raise AssertionError(f"{job} would not run at {at}: {reasons}")


def assert_does_not_run(job: str, *, between: tuple[Moment, Moment], tz: str | None = None) -> None:
    """Fail if this job begins from the first of these moments on and before the second."""
    start, end = (moment(one, tz) for one in between)
    with freeze(start, tz=tz) as scheduler:
        _found(job, scheduler.database)
        runs = [run for run in scheduler.runs_between(start, end) if run.job_name == job]
    if runs:
        when = ", ".join(
            f"{run.starts.astimezone(start.tzinfo):%Y-%m-%d %H:%M}" for run in runs[:_NAMED]
        )
        raise AssertionError(f"{job} would run at {when}")


def _names(start: datetime, end: datetime) -> set[str]:
    with freeze(start) as scheduler:
        return {run.job_name for run in scheduler.runs_between(start, end)}


def _a_day_later(day: datetime) -> datetime:
    """The next midnight on the clock: some days have 23 or 25 hours."""
    return datetime.combine(day.date() + A_DAY, time(), tzinfo=day.tzinfo)


def _found(job: Job | str | int, database: str) -> Job:
    if isinstance(job, Job):
        return job
    jobs = Job.objects.using(database)
    found: list[Job] = list(jobs.filter(pk=job) if isinstance(job, int) else jobs.filter(name=job))
    if len(found) != 1:
        raise ValueError(f"There are {len(found)} jobs {job!r}.")
    return found[0]
