"""Compares what the jobs wrote down with what the tables say. Knows nothing of the package."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.chaos.evidence import LINE, Instance
from tests.chaos.faults import Harm

MOST_RERUNS = 3
"""How often a lost run is made up for in a row: the package's default."""

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A promise that was not kept: which, and how it shows."""

    promise: str
    text: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.text}"


@dataclass(kw_only=True)
class Evidence:
    """All there is to judge by, once a round has come to rest."""

    instances: list[Instance]
    jobs: list[Row]
    """Whatever runs claim: jobs, and the rows of hosts (``slot``) of jobs that every host runs."""
    logs: list[Row]
    harm: Harm

    def __post_init__(self) -> None:
        self.by_token = {log["token"]: log for log in self.logs}
        self.told = {instance.token: instance for instance in self.instances}


def judge(evidence: Evidence) -> list[Fault]:
    """Every broken promise."""
    return [
        *_two_at_once(evidence),
        *_without_outcome(evidence),
        *_wrong_outcomes(evidence),
        *_lost_lines(evidence),
        *_occurrences(evidence),
        *_claims(evidence),
    ]


def _two_at_once(evidence: Evidence) -> Iterator[Fault]:
    for token, count in Counter(one.token for one in evidence.instances).items():
        if count > 1:
            yield Fault(promise="at most one", text=f"run {token} was started {count} times")
    latest: dict[tuple[int, str], Instance] = {}
    for one in evidence.instances:
        before = latest.get((one.job, one.slot))
        if not one.alone:
            other = before.token if before else "?"
            text = f"job {one.job}: {one.token} began while {other} was alive"
            yield Fault(promise="at most one", text=text)
        elif before is not None and before.last_sign > one.began:
            over = before.last_sign - one.began
            text = f"job {one.job}: {before.token} went on {over:.3f} s beside {one.token}"
            yield Fault(promise="at most one", text=text)
        if before is None or one.last_sign > before.last_sign:
            latest[one.job, one.slot] = one


def _without_outcome(evidence: Evidence) -> Iterator[Fault]:
    for job in evidence.jobs:
        if job["is_running"] or job["claim_token"]:
            text = f"job {job['id']} is still held by {job['claim_token']}"
            yield Fault(promise="nothing stuck", text=text)
    for log in evidence.logs:
        if log["status"] == "running" or log["run_end_datetime"] is None or log["active_for"]:
            text = f"run {log['id']} ({log['token']}) is {log['status']}"
            yield Fault(promise="an outcome for each run", text=text)
    for one in evidence.instances:
        if one.token not in evidence.by_token:
            text = f"{one.token} of job {one.job} ran, and no row knows of it"
            yield Fault(promise="an outcome for each run", text=text)


def _wrong_outcomes(evidence: Evidence) -> Iterator[Fault]:
    for log in evidence.logs:
        one = evidence.told.get(log["token"])
        succeeded = log["status"] == "succeeded"
        said = f"run {log['id']} ({log['token']}) is {log['status']} ({log['reason']})"
        if succeeded and (one is None or one.status != 0):
            yield Fault(promise="true outcomes", text=f"{said}, and never came to its end")
        if bool(log["success"]) != succeeded:
            yield Fault(promise="true outcomes", text=f"{said}, with success {log['success']}")
        if one is None or one.ended is None or succeeded:
            continue
        left_alone = one.token not in evidence.harm.touched and not evidence.harm.to_database
        if left_alone and one.status == 0:
            yield Fault(promise="true outcomes", text=f"{said}, and came to its end unharmed")


def _lost_lines(evidence: Evidence) -> Iterator[Fault]:
    for one in evidence.instances:
        log = evidence.by_token.get(one.token)
        # A folder on the disk of a dead host, or one that was removed, cannot be read.
        if log is None or one.token in evidence.harm.diskless:
            continue
        if log["hostname"] in evidence.harm.dead_hosts:
            continue
        for stream, printed in one.printed.items():
            wanted = "".join(
                LINE.format(number=number, stream=stream) + "\n" for number in range(1, printed + 1)
            )
            if not (log[stream] or "").startswith(wanted):
                kept = (log[stream] or "").count("\n")
                text = (
                    f"run {log['id']} ({one.token}, {log['status']}: {log['reason']}) printed "
                    f"{printed} lines on {stream}; {kept} were kept"
                )
                yield Fault(promise="no line lost", text=text)


def _occurrences(evidence: Evidence) -> Iterator[Fault]:
    """Each occurrence: tried one time after the other, until one try was not lost."""
    pending = {(job["id"], job["slot"], job["next_run"]) for job in evidence.jobs}
    tries: dict[tuple[int, str, Any], list[Row]] = defaultdict(list)
    for log in evidence.logs:
        if log["scheduled_for"] is not None:
            tries[log["job_id"], log["slot"], log["scheduled_for"]].append(log)
    for (job, slot, occurrence), logs in tries.items():
        logs.sort(key=lambda log: log["attempt"])
        where = f"job {job} {slot} at {occurrence}"
        if [log["attempt"] for log in logs] != list(range(1, len(logs) + 1)):
            attempts = [log["attempt"] for log in logs]
            yield Fault(promise="occurrences", text=f"{where} has the attempts {attempts}")
        if any(log["status"] != "lost" for log in logs[:-1]):
            states = [log["status"] for log in logs]
            yield Fault(promise="occurrences", text=f"{where} was run again after {states}")
        given_up = len(logs) > MOST_RERUNS or (job, slot, occurrence) in pending
        if logs[-1]["status"] == "lost" and not given_up:
            yield Fault(promise="occurrences", text=f"{where} was lost and never made up for")


def _claims(evidence: Evidence) -> Iterator[Fault]:
    """The fence counts the claims, and each claim has its row."""
    claimed = Counter((log["job_id"], log["slot"]) for log in evidence.logs)
    for job in evidence.jobs:
        rows = claimed[job["id"], job["slot"]]
        if job["fence"] != rows:
            text = f"job {job['id']} {job['slot']} was claimed {job['fence']} times; {rows} rows"
            yield Fault(promise="a row for each claim", text=text)
