"""The rules around a run: judges what a scheduler did, one pass after the other.

Knows nothing of the package. It is told of each row as it is written and of all that people do, and
says what must not have happened, and what should have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.rules.jobs import Spec
from tests.rules.situation import NOT_IN_LINE, PERHAPS, Situation
from tests.rules.state import Row, Start, State
from tests.rules.times import Times

AT_ONCE_BACKFILLED = 10
"""So many dates a host makes up for between two of its ticks."""


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One look of a host at the jobs: all, or those that wait for one of ``ended``."""

    host: str
    now: datetime
    is_tick: bool
    without: Collection[str] = ()
    ended: Collection[str] | None = None


class Model(Situation):
    """The judge. ``broken`` says in words what was against the rules."""

    def __init__(self, specs: Iterable[Spec], start: datetime, capacity: int) -> None:
        super().__init__(capacity)
        self.broken: list[str] = []
        self.numbers: Counter[str] = Counter()
        self._pass: Pass | None = None
        self._ready: dict[str, set[str]] = {}
        self._ranks: dict[str, tuple[int, datetime, str]] = {}
        self._owed: dict[str, list[datetime]] = {}
        """Occurrences for which there has to be a row that says they were skipped."""
        self._starts: Counter[tuple[str, str]] = Counter()
        for spec in specs:
            times = Times(start, spec.rule, spec.only, spec.active)
            self.states[spec.name] = State(spec=spec, times=times, made=start)
            self.states[spec.name].pending = times.after(start)

    # Ends

    def ended(self, row: Row) -> None:
        """A run has ended, and its job goes on from there."""
        state = self.states[row.job]
        if state.run is None or state.run.pk != row.pk or row.ended is None:
            self._say(row, "ended, and was not running")
            return
        self.numbers[row.status] += 1
        if row.status == "stopped" and not state.may_stop:
            self._say(row, "was stopped, and nobody had asked for it")
        if row.status not in ("stopped", "lost") and state.must_stop:
            self._say(row, f"{row.status}, though its next occurrence had come")
        if row.status == "succeeded" and row.scheduled_for is not None:
            if row.scheduled_for in state.done:
                self._say(row, "succeeded for this date once more")
            state.done.add(row.scheduled_for)
        if passed := state.end(row, row.ended):
            self._owed[row.job] = passed

    def is_due(self, job: str, due: datetime | None) -> None:
        """After an end: when the scheduler says that the job starts next."""
        state = self.states[job]
        latest = timedelta(seconds=state.spec.jitter)
        if state.pending is None or due is None:
            is_right = state.pending is due
        else:
            state.delay = due - state.pending
            is_right = timedelta() <= state.delay <= latest
        if not is_right:
            self.broken.append(f"{job}: is due at {due}, its next occurrence is {state.pending}")

    def skipped_meanwhile(self, row: Row) -> None:
        """A row says that these came while a run went on."""
        passed = self._owed.pop(row.job, [])
        if row.status != "skipped" or not passed or not _is_for(row, passed):
            self._say(row, f"was to stand for {_shown(passed)}")
            return
        self.numbers["skipped while running"] += len(passed)
        self.states[row.job].accounts[passed[0]] = len(passed)

    def all_owed_is_there(self) -> None:
        """No more rows come for what has ended."""
        for job, passed in self._owed.items():
            self.broken.append(f"{job}: no row says that {_shown(passed)} were skipped")
        self._owed = {}

    # Passes

    def begin_pass(self, one: Pass) -> None:
        """A host looks at the jobs."""
        self._pass = one
        if one.is_tick:
            for job in self.states:
                self._starts[one.host, job] = 0
        self._note_overdue(one.now)
        self._ready = {
            state.spec.name: self.obstacles(state, one.host, one.now)
            for state in self._looked_at(one)
        }
        self._ranks = {name: _rank(self.states[name]) for name in self._ready}

    def _looked_at(self, one: Pass) -> Iterator[State]:
        for name, state in self.states.items():
            needed = {need.name for need in state.spec.needs}
            if name not in one.without and (one.ended is None or needed & set(one.ended)):
                yield state

    def _note_overdue(self, now: datetime) -> None:
        """Runs that have to make room for their job's next occurrence, which has come."""
        for state in self.states.values():
            run = state.run
            if run is None or state.spec.overlap != "restart" or state.spec.kind != "rule":
                continue
            if state.spec.active.is_before(now) or self.is_paused(state, now) or not state.enabled:
                continue
            coming = state.times.between(run.started, now)
            if state.due is not None and state.due > run.started:
                # Somebody asked for this run before the pending one was due.
                coming = [state.due] if state.due <= now else []
            if coming:
                state.may_stop = state.must_stop = True

    def wrote(self, row: Row) -> None:
        """A row was written in this pass."""
        assert self._pass is not None
        state = self.states[row.job]
        because = self.obstacles(state, self._pass.host, self._pass.now) - {PERHAPS}
        if row.status == "skipped":
            self._passed_over(row, state, because)
            return
        if row.job not in self._ready:
            self._say(row, "started in a pass that was not about it")
        if because:
            self._say(row, f"started in spite of {sorted(because)}")
        self._judge_order(row, state)
        self._judge_start(row, state)
        self.numbers[f"started: {row.trigger}"] += 1
        state.begin(row)

    def _judge_start(self, row: Row, state: State) -> None:
        assert self._pass is not None
        # Not before what it waits for has ended, which may be later if the clock was set back.
        others = [self.states[need.name] for need in state.spec.needs]
        ends = [end for other in others for end in (other.ended, other.succeeded)]
        begins = max([self._pass.now, *(end for end in ends if end is not None)])
        wanted = state.expected(self._pass.now, begins)
        link = self.link(state) if state.spec.kind == "chained" and not state.forced else None
        if link is not None:
            wanted = Start(trigger="chain", scheduled_for=link)
        found = Start(
            trigger=row.trigger,
            scheduled_for=row.scheduled_for,
            attempt=row.attempt,
            occurrences=row.occurrences,
        )
        if found != wanted or abs(row.started - begins) > timedelta(seconds=1):
            self._say(row, f"began {row.started} as {found}, not {begins} as {wanted}")
        key = (self._pass.host, row.job)
        self._starts[key] += 1
        if self._starts[key] > (AT_ONCE_BACKFILLED if state.spec.misfire == "backfill" else 1):
            self._say(row, f"is start {self._starts[key]} since the last tick")

    def _passed_over(self, row: Row, state: State, because: set[str]) -> None:
        assert self._pass is not None
        missed = state.left_out(self._pass.now)
        is_right = self.is_to_leave_out(state, because, self._pass.now)
        if not missed or not _is_for(row, missed) or not is_right:
            self._say(row, f"was to stand for {_shown(missed)}; in its way: {sorted(because)}")
            return
        self.numbers["missed"] += len(missed)
        state.pass_over(missed)

    def _judge_order(self, row: Row, state: State) -> None:
        """No other that goes first, and could have started, was left behind."""
        assert self._pass is not None
        for name, before in self._ready.items():
            other = self.states[name]
            if not self._is_before(other, state) or before - {"capacity"}:
                continue
            still = self.obstacles(other, self._pass.host, self._pass.now)
            if not still or (still == {"capacity"} and state.spec.weight):
                self._say(row, f"overtook {name}")

    def _is_before(self, one: State, other: State) -> bool:
        """Whether it is certain that this one goes first."""
        mine, its = (self._ranks.get(state.spec.name) for state in (one, other))
        certain = not (self._may_be_anywhere(one) or self._may_be_anywhere(other))
        return certain and mine is not None and its is not None and mine < its

    def _may_be_anywhere(self, state: State) -> bool:
        """Whether its place in line is not for us to say.

        It comes after those that it waits for, and later once it is noticed that a retry of it is
        superseded.
        """
        assert self._pass is not None
        waits = any(self._is_in_line(need.name) for need in state.spec.needs)
        return waits or state.is_superseded(self._pass.now)

    def _is_in_line(self, name: str) -> bool:
        """Whether it is looked at in this pass; a chained job always is."""
        is_chained = self.states[name].spec.kind == "chained"
        out = NOT_IN_LINE - ({"time", "retry"} if is_chained else set())
        return name in self._ready and not self._ready[name] & out

    def end_pass(self) -> None:
        """The host has started what it wanted to."""
        assert self._pass is not None
        one = self._pass
        states = list(self._looked_at(one))
        now = {state.spec.name: self.obstacles(state, one.host, one.now) for state in states}
        full = [state for state in states if self._waits_for_room(state.spec.name, now)]
        for state in states:
            name = state.spec.name
            before, still = self._ready[name], now[name]
            is_behind = any(not self._is_before(state, other) for other in full)
            if state.spec.weight and is_behind:
                continue
            if all(self.is_to_leave_out(state, why, one.now) for why in (before, still)):
                self.broken.append(f"{name}: no row says what it missed at {one.now}")
            elif not before and not still:
                self.broken.append(f"{name}: was not started at {one.now} on {one.host}")
        self._pass = None

    def _waits_for_room(self, name: str, now: dict[str, set[str]]) -> bool:
        """Whether it may have been put off, and all behind it."""
        return not self._ready[name] - {"capacity", PERHAPS} and "capacity" in now[name]

    def _say(self, row: Row, fault: str) -> None:
        self.broken.append(f"{row.job}, row {row.pk} for {row.scheduled_for}: {fault}")


def _rank(state: State) -> tuple[int, datetime, str]:
    early = datetime.min.replace(tzinfo=state.made.tzinfo)
    return -state.spec.priority, state.due or early, state.spec.name


def _is_for(row: Row, passed: list[datetime]) -> bool:
    return (row.scheduled_for, row.occurrences, row.attempt) == (passed[0], len(passed), 0)


def _shown(moments: list[datetime]) -> str:
    return f"{len(moments)} from {moments[0]}" if moments else "nothing"
