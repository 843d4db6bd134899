"""Compares rows with the oracle and with what the hosts wrote down; knows nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.chaos.day.definitions import Definition
from tests.simulated.instance import Instance
from tests.simulated.oracle import occurrences

Row = dict[str, Any]

PATIENCE = timedelta(minutes=20)
"""So long after it was due a run may not have begun yet, at the end, without a reason."""

MOST_ATTEMPTS = 4


@dataclass(kw_only=True)
class Story:
    """All there is to judge by. Moments are aware; ``job`` is a name in every row.

    ``states`` has a row for each job (slot '') and for each host of a job for all hosts.
    """

    start: datetime
    end: datetime
    definitions: list[Definition]
    states: list[Row]
    logs: list[Row]
    instances: list[Instance]
    dead: set[str]
    forced: list[tuple[str, datetime]]
    numbers: Counter[str] = field(default_factory=Counter)


def judge(story: Story) -> list[str]:
    """Every broken promise, in words; counts what it has seen."""
    return [
        *_occurrences(story),
        *_outcomes(story),
        *_two_at_once(story),
        *_began_too_soon(story),
        *_requests(story),
    ]


# Occurrences


def _occurrences(story: Story) -> Iterator[str]:
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for log in story.logs:
        if log["scheduled_for"] is not None:
            rows[log["job"], log["slot"]].append(log)
    for definition in story.definitions:
        expected = occurrences(definition.rule, story.start, story.end)
        for state in story.states:
            if state["job"] == definition.name and bool(state["slot"]) == definition.everywhere:
                own = rows.pop((state["job"], state["slot"]), [])
                yield from _Ledger(story, definition, state, expected).faults(own)
    for job, slot in rows:
        yield f"{job} {slot}: has rows, and no such job is known"


class _Ledger:
    """The occurrences of one job, or of one host's share in it, and what stands for each."""

    def __init__(
        self, story: Story, definition: Definition, state: Row, expected: list[datetime]
    ) -> None:
        self._story = story
        self._definition = definition
        self._state = state
        self._expected = expected
        self._place = {moment: number for number, moment in enumerate(expected)}
        self._covered = [0] * len(expected)
        self._name = f"{definition.name} {state['slot']}".strip()

    def faults(self, logs: list[Row]) -> Iterator[str]:
        """What is wrong with these rows."""
        by_moment: dict[datetime, list[Row]] = defaultdict(list)
        for log in sorted(logs, key=lambda log: log["attempt"]):
            by_moment[log["scheduled_for"]].append(log)
        for moment, tries in sorted(by_moment.items()):
            yield from self._of_one(moment, tries)
        yield from self._not_covered(min(by_moment, default=None))

    def _of_one(self, moment: datetime, tries: list[Row]) -> Iterator[str]:
        last, where = tries[-1], f"{self._name} at {moment}"
        attempts = [log["attempt"] for log in tries]
        if last["status"] == "skipped":
            if attempts != [0]:
                yield f"{where}: skipped, and run"
            self._story.numbers["skipped"] += last["occurrences"]
        else:
            if attempts != list(range(1, len(tries) + 1)):
                yield f"{where}: has the attempts {attempts}"
            if any(log["status"] != "lost" for log in tries[:-1]):
                yield f"{where}: run again after {[log['status'] for log in tries]}"
            self._story.numbers["made up for by a later run"] += last["occurrences"] - 1
            self._story.numbers["retries"] += len(tries) - 1
        if last["run_start_datetime"] < moment:
            yield f"{where}: run before its time"
        if moment == self._next and last["status"] in {"running", "lost"}:
            return  # not decided yet
        if last["status"] == "lost" and len(tries) < MOST_ATTEMPTS:
            yield f"{where}: lost, and never made up for"
        yield from self._cover(moment, last["occurrences"], where)

    def _cover(self, moment: datetime, count: int, where: str) -> Iterator[str]:
        first = self._place.get(moment)
        if first is None:
            yield f"{where}: is no occurrence"
            return
        if first + count > len(self._expected):
            yield f"{where}: stands for {count}, and there were {len(self._expected) - first}"
        for number in range(first, min(first + count, len(self._expected))):
            self._covered[number] += 1
            if self._covered[number] == 2:
                yield f"{self._name} at {self._expected[number]}: accounted for twice"

    @property
    def _next(self) -> datetime | None:
        moment: datetime | None = self._state["next_occurrence"]
        return moment

    def _not_covered(self, first_known: datetime | None) -> Iterator[str]:
        for moment, covered in zip(self._expected, self._covered, strict=True):
            self._story.numbers["occurrences"] += 1
            if covered:
                continue
            if self._state["slot"] and moment < (first_known or self._next or moment):
                self._story.numbers["before the host knew the job"] += 1
            elif self._next is None or moment < self._next:
                yield f"{self._name} at {moment}: no row says what became of it"
            elif moment < self._story.end - PATIENCE and not self._excuse():
                yield f"{self._name} at {moment}: not run yet, for no reason"
            else:
                self._story.numbers[f"open: {self._excuse() or 'just due'}"] += 1

    def _excuse(self) -> str:
        """Why it may still wait at the end."""
        if not self._state["enabled"]:
            return "disabled"
        if self._state["slot"] in self._story.dead:
            return "the host is dead"
        if self._state["is_running"]:
            return "the run before goes on"
        return "waits for another job" if self._waits() else ""

    def _waits(self) -> bool:
        dependees = [
            state
            for state in self._story.states
            if state["job"] in self._definition.waits_for and not state["slot"]
        ]
        own = self._state["next_run"]
        return any(not one["last_run_successful"] or one["next_run"] < own for one in dependees)


# Runs


def _outcomes(story: Story) -> Iterator[str]:
    by_token = {log["token"]: log for log in story.logs if log["token"]}
    told = {one.token: one for one in story.instances}
    for one in story.instances:
        log = by_token.get(one.token)
        if log is None:
            yield f"{one.job}: run {one.run} has no row"
            continue
        story.numbers[f"runs {one.how}"] += 1
        wanted = {"taken over": "lost"}.get(one.how, one.how)
        unheard = one.host in story.dead and log["status"] == "lost"
        if log["status"] != wanted and not unheard:
            yield f"{one.job}: run {one.run} {one.how}, and its row says {log['status']}"
    for log in by_token.values():
        if log["token"] not in told and log["status"] not in {"lost", "failed"}:
            yield f"{log['job']}: run {log['id']} is {log['status']}, and never began"
        if log["status"] == "running" and told[log["token"]].how != "running":
            yield f"{log['job']}: run {log['id']} is still open"


def _two_at_once(story: Story) -> Iterator[str]:
    everywhere = {one.name for one in story.definitions if one.everywhere}
    before: dict[tuple[str, str], Instance] = {}
    for one in sorted(story.instances, key=lambda one: one.began):
        key = (one.job, one.host if one.job in everywhere else "")
        last = before.get(key)
        if last is not None and (last.ended is None or last.ended > one.began):
            yield f"{one.job}: run {one.run} began while run {last.run} went on"
        before[key] = one


def _began_too_soon(story: Story) -> Iterator[str]:
    of_job: dict[str, list[Instance]] = defaultdict(list)
    for one in story.instances:
        of_job[one.job].append(one)
    for definition in story.definitions:
        for dependee in definition.waits_for:
            for one in of_job[definition.name]:
                for other in of_job[dependee]:
                    if other.began < one.began < (other.ended or story.end):
                        yield f"{one.job}: run {one.run} began while {dependee} was running"


def _requests(story: Story) -> Iterator[str]:
    starts: dict[str, list[datetime]] = defaultdict(list)
    for log in story.logs:
        if log["trigger"] == "forced":
            starts[log["job"]].append(log["run_start_datetime"])
    wanted = Counter(job for job, _ in story.forced)
    for job, moment in story.forced:
        story.numbers["forced"] += 1
        if not any(start >= moment for start in starts[job]):
            yield f"{job}: nothing came of a request at {moment}"
    for job, times in starts.items():
        if len(times) > wanted[job]:
            yield f"{job}: {len(times)} forced runs, and {wanted[job]} requests"
