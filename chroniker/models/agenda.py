"""Which runs are to come in a stretch of time, in work that does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chroniker import constants, write_database
from chroniker.constants import Misfire
from chroniker.models import Job, Pauses
from chroniker.models.claimable import Claimable
from chroniker.moments import to_instant
from chroniker.schedules import Schedule

_INSTANT = timedelta.resolution


@dataclass(frozen=True)
class Coming:
    """The first occurrences of a stretch (UTC, in order), and how many there are in all."""

    moments: list[datetime]
    count: int


_NONE = Coming([], 0)


@dataclass(frozen=True)
class Agenda:
    """What a job will do as far as is known now; ask it about any stretch of time.

    ``due`` is the next run, which may be overdue; ``rule`` names those after it, which are later
    than ``after``; None if there is no such rule. ``until`` is the end of its active time.
    """

    due: datetime | None = None
    retry_at: datetime | None = None
    rule: Schedule | None = None
    after: datetime | None = None
    until: datetime | None = None
    words: str = ""

    def between(self, start: datetime, end: datetime, limit: int) -> Coming:
        """The occurrences from ``start`` on and before ``end``, at most ``limit`` of them.

        The schedule asks for later than, and not later than: both bounds are moved by an instant.
        """
        first = [self.due] if self.due is not None and start <= self.due < end else []
        if self.rule is None or self.after is None:
            return Coming(first, len(first))
        begin, last = max(start - _INSTANT, self.after), end - _INSTANT
        last = last if self.until is None else min(last, self.until)
        if begin >= last:
            return Coming(first, len(first))
        try:
            found = list(self.rule.between(begin, last, limit + 1 - len(first)))
            whole = len(found) + len(first) <= limit
            count = len(found) if whole else self.rule.count(begin, last)
        except OverflowError:
            return Coming(first, len(first))
        return Coming([*first, *found][:limit], count + len(first))


def agenda(job: Job, now: datetime, state: Claimable | None = None) -> Agenda:
    """What a job will do from ``now`` (aware) on.

    ``state`` is its row of a host, for a job that every host runs for itself; without it, that
    of the host that runs it next.
    """
    if not job.enabled:
        return Agenda()
    state = _state(job) if state is None else state
    due, retry_at = _occurrence(job, state), to_instant(state.retry_at)
    if job.frequency in constants.WITHOUT_TIMES or due is None:
        return Agenda(due=due, retry_at=retry_at)
    try:
        schedule = job.schedule()
        words = schedule.describe()
    except (ValueError, OverflowError):  # InvalidSchedule is a ValueError
        return Agenda(due=due, retry_at=retry_at)
    if job.frequency == constants.ONCE:
        return Agenda(due=due, retry_at=retry_at, words=words)
    # A run that is late is made up for once; the schedule goes on from now.
    each = job.misfire_policy == Misfire.BACKFILL
    return Agenda(
        due=due,
        retry_at=retry_at,
        rule=schedule,
        after=due if each else max(due, now),
        until=to_instant(job.active_until),
        words=words,
    )


def _state(job: Job) -> Claimable:
    """The job, or its row of the host on which it runs next where every host runs it."""
    if job.hostname != constants.ALL_HOSTS:
        return job
    rows = [(row.next_run, row.pk, row) for row in job.hosts.all() if row.next_run is not None]
    return min(rows)[2] if rows else job


def _occurrence(job: Job, state: Claimable) -> datetime | None:
    if state is job:
        return job.occurrence
    return to_instant(state.next_occurrence) or to_instant(state.next_run)


@dataclass(frozen=True)
class Hold:
    """A time in which a job starts no runs; ``end`` is None while nobody has ended it."""

    start: datetime
    end: datetime | None
    reason: str

    def covers(self, moment: datetime) -> bool:
        """Whether it holds at this moment (aware)."""
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass
class Holds:
    """The pauses there are and will be, of many jobs, for one query in all."""

    pauses: Pauses
    _known: dict[int, list[Hold]] = field(default_factory=dict)

    @classmethod
    def read(cls, jobs: Sequence[Job], now: datetime) -> Holds:
        """Those that are not over at ``now`` (aware)."""
        return cls(Pauses.read_all(write_database.alias(), now, jobs))

    def at(self, job: Job, moment: datetime) -> Hold | None:
        """What keeps this job from starting then, or None."""
        if job.pk not in self._known:
            self._known[job.pk] = list(self._of(job))
        return next((hold for hold in self._known[job.pk] if hold.covers(moment)), None)

    def _of(self, job: Job) -> Iterator[Hold]:
        for pause, held in self.pauses.each_holding(job):
            yield Hold(to_instant(pause.starts_at), held.until, held.reason)
