"""What the rules have to know of one job, and what follows from the end of a run of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.rules.jobs import Spec
from tests.rules.times import Times

LOST_RERUNS = 3
NOT_DONE = ("failed", "timed_out", "lost")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the log, as plain values; moments are aware."""

    pk: int
    job: str
    host: str
    status: str
    trigger: str
    scheduled_for: datetime | None
    occurrences: int
    attempt: int
    started: datetime
    ended: datetime | None


@dataclass(frozen=True, kw_only=True)
class Start:
    """What the next run of a job has to be."""

    trigger: str
    scheduled_for: datetime | None = None
    attempt: int = 1
    occurrences: int = 1


@dataclass(kw_only=True)
class State:
    """One job. ``pending`` is the first occurrence that no row accounts for yet."""

    spec: Spec
    times: Times
    made: datetime
    pending: datetime | None = None
    delay: timedelta = timedelta()
    """How much later than its time the pending one starts; drawn by the scheduler."""
    attempts: int = 0
    """How often the pending one was tried, ``retry_at`` when it is tried again."""
    retry_at: datetime | None = None
    covered: int = 1
    """For how many occurrences the last of those attempts stood."""
    enabled: bool = True
    forced: bool = False
    run: Row | None = None
    may_stop: bool = False
    """Somebody has asked for the end of its run, or its next occurrence has come."""
    must_stop: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    succeeded: datetime | None = None
    well: bool = False
    """Whether its last run succeeded."""
    accounts: dict[datetime, int] = field(default_factory=dict)
    """How many occurrences the rows stand for, by the first; that of the last attempt counts."""
    done: set[datetime] = field(default_factory=set)
    """The occurrences whose run succeeded."""

    @property
    def has_times(self) -> bool:
        """Whether a clock starts it."""
        return self.spec.kind in ("rule", "once")

    @property
    def is_over(self) -> bool:
        """Whether its clock has no further time for it."""
        return self.has_times and self.pending is None

    @property
    def due(self) -> datetime | None:
        """When the pending one is to start."""
        return None if self.pending is None else self.pending + self.delay

    def next_try(self, now: datetime) -> tuple[datetime | None, int]:
        """The occurrence a run that starts now is for, and how often that was tried already.

        One that has come since gives the retries of the last one up, but not in a backfill.
        """
        given_up = self.retry_at is not None and self.has_times and self.spec.misfire != "backfill"
        if self.pending is not None and given_up:
            since = self.times.between(self.pending, now)[self.covered - 1 :]
            if since:
                return since[0], 0
        return self.pending, self.attempts

    def next_due(self, now: datetime) -> datetime | None:
        """When the run for which one that starts now would stand was to start."""
        return self.next_try(now)[0] if self.is_superseded(now) else self.due

    def is_superseded(self, now: datetime) -> bool:
        """Whether the pending one has been given up for one that came since."""
        return self.next_try(now)[0] != self.pending

    def misfired(self, now: datetime) -> list[datetime]:
        """The occurrences that a run that starts now must leave out."""
        first, tries = self.next_try(now)
        limit, due = now - timedelta(seconds=self.spec.grace), self.next_due(now)
        if self.spec.misfire != "skip" or tries or first is None or due is None or due >= limit:
            return []
        return [moment for moment in (first, *self.times.between(first, limit)) if moment < limit]

    def left_out(self, now: datetime) -> list[datetime]:
        """The occurrences that are not run any more: all, once the job is not active any more."""
        if not self.spec.active.is_before(now):
            return self.misfired(now)
        if self.pending is None or self.due is None or self.due > now:
            return []
        return [self.pending, *self.times.between(self.pending, now)]

    def expected(self, now: datetime, begins: datetime) -> Start:
        """What it has to be if it starts at ``begins``, in a pass at ``now``."""
        if self.forced:
            return Start(trigger="forced")
        first, tries = self.next_try(now)
        count = 1
        if self.spec.kind == "rule" and self.spec.misfire != "backfill" and first is not None:
            count += len(self.times.between(first, begins))
        trigger = "retry" if tries else "schedule"
        return Start(trigger=trigger, scheduled_for=first, attempt=tries + 1, occurrences=count)

    def begin(self, row: Row) -> None:
        """A run has started."""
        self.run, self.started = row, row.started
        self.may_stop = self.must_stop = False
        if row.trigger == "forced":
            self.forced = False
        elif row.scheduled_for is not None:
            self.delay = self.delay if self.pending == row.scheduled_for else timedelta()
            self.pending, self.accounts[row.scheduled_for] = row.scheduled_for, row.occurrences
            self.retry_at, self.covered = None, row.occurrences
            self.attempts = row.attempt - 1

    def pass_over(self, passed: list[datetime]) -> None:
        """These occurrences will not be run."""
        self.accounts[passed[0]] = len(passed)
        self._move_past(passed[-1])

    def end(self, row: Row, ended: datetime) -> list[datetime]:
        """Its run has ended; returns the occurrences that came meanwhile and are skipped."""
        self.run, self.ended, self.well = None, ended, row.status == "succeeded"
        if self.well:
            self.succeeded = ended
        if row.trigger == "forced" or row.scheduled_for is None:
            return []
        if self._is_tried_again(row, ended):
            self.attempts = row.attempt
            return []
        return self._go_on(row, row.scheduled_for, ended)

    def _is_tried_again(self, row: Row, ended: datetime) -> bool:
        first = row.scheduled_for or ended
        if row.status == "lost" and row.attempt <= LOST_RERUNS:
            self.retry_at = None
            return True
        retries = self.spec.max_retries
        if row.status not in NOT_DONE or 0 <= retries < row.attempt:
            return False
        delay = self.spec.retry_delay * self.spec.backoff ** (row.attempt - 1)
        self.retry_at = ended + timedelta(seconds=min(delay, 10_000_000))
        coming = self.times.after(max(first, ended)) if self.has_times else None
        if coming is not None and self.spec.misfire != "backfill":
            self.retry_at = min(self.retry_at, coming)
        return True

    def _go_on(self, row: Row, first: datetime, ended: datetime) -> list[datetime]:
        if self.spec.kind != "rule":
            self.pending, self.attempts, self.retry_at = None, 0, None
            self.enabled = self.enabled and self.spec.kind != "once"
        elif self.spec.misfire == "backfill" and row.status == "succeeded":
            self._move_past(first)
        elif self.spec.misfire == "backfill":
            self.attempts, self.retry_at = row.attempt, self.times.after(max(first, ended))
        elif self.spec.overlap == "restart":
            self._move_past(max(first, row.started))
        else:
            passed = self.times.between(row.started, ended)
            self._move_past(max(first, ended))
            return passed
        return []

    def _move_past(self, moment: datetime) -> None:
        self.pending, self.delay = self.times.after(moment), timedelta()
        self.attempts, self.retry_at = 0, None

    def not_accounted_for(self) -> list[str]:
        """What is wrong with its accounts: each occurrence up to the pending one is in one row."""
        if not self.has_times or not self.accounts:
            return []
        moment: datetime | None = self.times.after(self.made)
        latest = self.pending or self.spec.active.end or max(self.accounts)
        for first in sorted(self.accounts):
            if first == self.pending:
                break  # not decided yet
            if first != moment:
                return [f"{self.spec.name}: a row for {first}, the one to come next was {moment}"]
            ahead = [first, *self.times.between(first, latest), None]
            moment = ahead[min(self.accounts[first], len(ahead) - 1)]
        if moment != self.pending and self.spec.kind == "rule":
            return [f"{self.spec.name}: nothing accounts for {moment}, next is {self.pending}"]
        return []
