"""What schedulers would do from a moment on if nobody interfered: in memory, nothing is written.

The gates, the line and what follows from an end are those of the tick itself; only what is told in
rows elsewhere (claims, ends) is told to the loaded jobs here. Runs take as long as they usually do.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from chroniker import constants
from chroniker.constants import Overlap, Status, Trigger
from chroniker.dispatch.background import Background
from chroniker.dispatch.gates import Gate, Situation, gates_of, shut
from chroniker.dispatch.line import Selection, in_turn
from chroniker.dispatch.missed import not_to_be_run
from chroniker.dispatch.tick import judged_in_turn, stands_for
from chroniker.models import Job
from chroniker.moments import to_instant, to_stored
from chroniker.runs.following import following
from chroniker.runs.outcome import Outcome
from chroniker.runs.run import Run

UNKNOWN = timedelta(seconds=1)
"""How long a run takes of a job that has never run."""

_INSTANT = timedelta.resolution


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A run to come. Moments are aware, in UTC; ``scheduled_for`` is None for one made by hand.

    ``ends`` is an estimate. ``hostname`` is where it was assumed to run.
    """

    job_id: int
    job_name: str
    starts: datetime
    ends: datetime
    scheduled_for: datetime | None
    trigger: str
    hostname: str


@dataclass(order=True)
class _Going:
    """A run that goes on, by its end."""

    ends: datetime
    number: int
    job: Job = field(compare=False)
    run: Run = field(compare=False)
    status: Status = field(compare=False, default=Status.SUCCEEDED)


class Forecast:
    """Jobs in memory, moved forward from one event to the next.

    ``jobs`` know each other and their hosts' rows, as :mod:`chroniker.dispatch.prospect` loads
    them, and are changed. ``usual`` is how long their runs take.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        now: datetime,
        *,
        usual: dict[int, timedelta],
        background: Background,
    ) -> None:
        self.now = now
        self._jobs = jobs
        self._usual = usual
        self._background = background
        self._going: list[_Going] = []
        self._numbers = count()
        for job in jobs:
            job.jitter_seconds = 0  # nobody knows it before
            if job.is_running:
                self._resume(job)

    def until(self, end: datetime) -> Iterator[Planned]:
        """The runs that begin before ``end`` (aware), in order; moves the jobs to that moment."""
        while self.now < end:
            self._end_runs()
            yield from self._tick()
            following_event = self._next_event()
            if following_event is None or following_event >= end:
                break
            self.now = following_event
        self.now = max(self.now, end)

    def gates(self) -> dict[int, list[Gate]]:
        """The gates of every job now, in their turn, as if those before it had started."""
        self._end_runs()
        found: dict[int, list[Gate]] = {}
        for host, jobs in self._by_host().items():
            situation = self._situation(host)
            for job, gates in judged_in_turn(in_turn(filter(self._may_be_due, jobs)), situation):
                found[job.pk] = gates
            for job in jobs:
                if job.pk not in found:
                    found[job.pk] = gates_of(job, situation)
        return found

    # One event

    def _tick(self) -> Iterator[Planned]:
        for host, jobs in self._by_host().items():
            due = [job for job in jobs if self._may_be_due(job)]
            if not due:
                continue
            situation = self._situation(host)
            for job, gates in judged_in_turn(in_turn(due), situation):
                if not shut(gates):
                    yield self._start(job, host)
                else:
                    self._pass_over(job, gates, situation)

    def _may_be_due(self, job: Job) -> bool:
        if job.is_running or not job.enabled:
            return False
        if job.force_run or (job.is_chained and job.next_run is None):
            return True
        moment = _due_at(job)
        return moment is not None and moment <= self.now

    def _start(self, job: Job, host: str) -> Planned:
        trigger, occurrence = stands_for(job, Selection(), None)
        if trigger == Trigger.SCHEDULE:
            occurrence = job.occurrence
        run = self._run(job, host, trigger=trigger, occurrence=occurrence, claimed=self.now)
        job.force_run = job.force_run and trigger != Trigger.FORCED
        _set_running(job, running=True)
        job.last_run_start_timestamp = to_stored(self.now)
        going = self._going_on(job, run)
        return Planned(
            job_id=job.pk,
            job_name=job.name,
            starts=self.now,
            ends=going.ends,
            scheduled_for=occurrence,
            trigger=str(run.trigger),
            hostname=host,
        )

    def _going_on(self, job: Job, run: Run) -> _Going:
        ends = max(run.claimed + self._usual.get(job.pk, UNKNOWN), self.now + _INSTANT)
        status = Status.SUCCEEDED
        if job.timeout_seconds:
            limit = run.claimed + timedelta(seconds=job.timeout_seconds)
            ends, status = (limit, Status.TIMED_OUT) if limit < ends else (ends, status)
        coming = self._restarts_at(job, run)
        if coming is not None and coming < ends:
            ends, status = coming, Status.STOPPED
        going = _Going(max(ends, self.now + _INSTANT), next(self._numbers), job, run, status)
        heapq.heappush(self._going, going)
        return going

    def _restarts_at(self, job: Job, run: Run) -> datetime | None:
        """When its next occurrence ends it."""
        if job.overlap_policy != Overlap.RESTART or job.frequency in constants.WITHOUT_TIMES:
            return None
        return _after(job, run.claimed)

    def _resume(self, job: Job) -> None:
        """A run that goes on already; what it stands for is the job's next occurrence, if due."""
        started = to_instant(job.last_run_start_timestamp) or self.now
        occurrence = job.occurrence
        if occurrence is not None and occurrence > started:
            occurrence = None
        host = job.current_hostname or self._background.hostname
        trigger = Trigger.DIRECT if occurrence is None else Trigger.SCHEDULE
        claimed = min(started, self.now)
        self._going_on(
            job, self._run(job, host, trigger=trigger, occurrence=occurrence, claimed=claimed)
        )

    def _run(
        self,
        job: Job,
        host: str,
        *,
        trigger: Trigger,
        occurrence: datetime | None,
        claimed: datetime,
    ) -> Run:
        return Run.of(
            job,
            log_id=0,
            token="",
            fence=job.fence,
            trigger=Trigger.RETRY if job.attempt and occurrence is not None else trigger,
            attempt=job.attempt + 1 if occurrence is not None else 1,
            claimed=claimed,
            claimed_uptime=0.0,
            scheduled_for=occurrence or claimed,
            occurrence=occurrence,
            hostname=host,
            lock_file="",
        )

    def _end_runs(self) -> None:
        while self._going and self._going[0].ends <= self.now:
            going = heapq.heappop(self._going)
            job, ended = going.job, to_stored(going.ends)
            outcome = Outcome(
                status=going.status,
                ended=going.ends,
                seconds=(going.ends - going.run.claimed).total_seconds(),
            )
            then = following(job, going.run, outcome)
            _set_running(job, running=False)
            job.last_run, job.last_ended = to_stored(going.run.claimed), ended
            job.last_run_successful = going.status == Status.SUCCEEDED
            if job.last_run_successful:
                job.last_success = ended
            for name, value in then.values.items():
                setattr(job, name, value)

    def _pass_over(self, job: Job, gates: list[Gate], situation: Situation) -> None:
        """Move a job past what its policies say is not to be run."""
        passed, occurrence = not_to_be_run(job, gates, situation), job.occurrence
        if passed is None or passed.ends_holder or occurrence is None or occurrence > passed.until:
            return
        job.next_run = job.next_occurrence = to_stored(_after(job, max(passed.until, occurrence)))
        job.attempt, job.retry_at = 0, None

    # What there is to know

    def _by_host(self) -> dict[str, list[Job]]:
        """The jobs by the host that is assumed to run them: this one where any may."""
        found: dict[str, list[Job]] = {}
        for job in self._jobs:
            anywhere = job.hostname in (None, "", constants.ALL_HOSTS)
            host = self._background.hostname if anywhere else str(job.hostname)
            found.setdefault(host, []).append(job)
        return found

    def _situation(self, host: str) -> Situation:
        keys = {going.run.key: going.job.name for going in self._going if going.run.key}
        carried: dict[str, int] = {}
        for going in self._going:
            if going.run.hostname == host:
                carried[going.job.name] = carried.get(going.job.name, 0) + going.run.weight
        return self._background.situation(host, self.now, keys=keys, carried=carried)

    def _next_event(self) -> datetime | None:
        """When something may change."""
        found = [going.ends for going in self._going[:1]]
        for job in self._jobs:
            if job.enabled and not job.is_running:
                moments = (_due_at(job), to_instant(job.held_until), to_instant(job.active_from))
                found += [one for one in moments if one is not None and one > self.now]
        coming = self._background.next_change(self.now)
        found += [] if coming is None else [coming]
        return min(found, default=None)


def _due_at(job: Job) -> datetime | None:
    moments = [to_instant(job.next_run), to_instant(job.retry_at)]
    return None if moments[0] is None else max(one for one in moments if one is not None)


def _after(job: Job, moment: datetime) -> datetime | None:
    try:
        return job.next_after(moment)
    except (ValueError, OverflowError):  # InvalidSchedule is a ValueError
        return None


def _set_running(job: Job, *, running: bool) -> None:
    for row in (job, *job.hosts.all()):
        row.is_running = running
