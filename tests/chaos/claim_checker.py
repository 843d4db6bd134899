"""Decides a race for claims by its evidence and the tables. Knows nothing of the package."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.checker import Fault, Row


@dataclass(kw_only=True)
class Holder:
    """One claim, as the process that made it told it."""

    holds: str
    token: str
    fence: int
    alone: bool
    ended: bool = False
    recorded: bool = False


@dataclass(kw_only=True)
class Marks:
    """The evidence file, read so far."""

    path: Path
    holders: dict[str, Holder] = field(default_factory=dict)
    """By token, in the order of their claims for what each of them holds."""
    twice: list[str] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _read: int = 0

    def read(self) -> None:
        """Go on where the last reading stopped."""
        try:
            with self.path.open("rb") as ledger:
                ledger.seek(self._read)
                new = ledger.read()
        except FileNotFoundError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            self._take(json.loads(line))

    def _take(self, mark: dict[str, Any]) -> None:
        kind, token = mark["mark"], mark.get("token", "")
        self.counts[kind] += 1
        if kind == "start":
            if token in self.holders:
                self.twice.append(token)
            facts = {name: mark[name] for name in ("holds", "token", "fence", "alone")}
            self.holders[token] = Holder(**facts)
        elif kind == "end":
            self.holders[token].ended = True
        elif kind == "recorded":
            self.holders[token].recorded = mark["ours"]
        elif kind == "revived":
            self.revived.append(token)
        elif kind == "refused":
            self.refused.append(mark["text"])


def judge(marks: Marks, rows: list[Row], logs: list[Row]) -> list[Fault]:
    """Every broken promise. ``rows`` are what is claimed: jobs, and jobs on hosts."""
    by_token = {log["token"]: log for log in logs}
    return [
        *_doubles(marks),
        *_ends(marks, by_token),
        *_open(rows, logs),
        *_fences(rows, logs),
    ]


def _doubles(marks: Marks) -> Iterator[Fault]:
    """At most one at a time, by the kernel's locks and by the fences."""
    latest: dict[str, Holder] = {}
    for holder in marks.holders.values():
        before = latest.get(holder.holds)
        if not holder.alone:
            yield _double(holder, "began while another process held it")
        if before is not None and holder.fence <= before.fence:
            yield _double(holder, f"has fence {holder.fence} after {before.fence}")
        latest[holder.holds] = holder
    for token in marks.twice:
        yield Fault(promise="at most one", text=f"{token} was claimed twice")
    for token in marks.revived:
        yield Fault(promise="at most one", text=f"{token} was renewed after its end")
    for text in marks.refused:
        # The log's unique column is there for the day the claim is wrong, and that is today.
        # (An occurrence that comes again, as clocks that are set back make it, is refused too.)
        if "active_for" in text:
            yield Fault(promise="at most one", text=f"only the second guard refused: {text}")


def _double(holder: Holder, text: str) -> Fault:
    return Fault(promise="at most one", text=f"{holder.holds}: {holder.token} {text}")


def _ends(marks: Marks, by_token: dict[str, Row]) -> Iterator[Fault]:
    """Each claim has its row, which says what the holder said."""
    for holder in marks.holders.values():
        log = by_token.get(holder.token)
        if log is None:
            text = f"{holder.token} held {holder.holds}, and no row knows of it"
            yield Fault(promise="a row for each claim", text=text)
            continue
        wanted = {(True, True): "succeeded", (False, False): "lost"}
        told = wanted.get((holder.ended, holder.recorded), log["status"])
        if log["status"] != told:
            text = f"{holder.token} of {holder.holds} is {log['status']}, not {told}"
            yield Fault(promise="true outcomes", text=text)
    for token in by_token.keys() - marks.holders.keys():
        # Killed between its claim and its first word.
        if by_token[token]["status"] != "lost":
            text = f"{token} is {by_token[token]['status']}, and never began"
            yield Fault(promise="true outcomes", text=text)


def _open(rows: Iterable[Row], logs: Iterable[Row]) -> Iterator[Fault]:
    for row in rows:
        if row["is_running"] or row["claim_token"]:
            text = f"{_holds(row)} is still held by {row['claim_token']}"
            yield Fault(promise="nothing stuck", text=text)
    for log in logs:
        if log["status"] == "running" or log["run_end_datetime"] is None or log["active_for"]:
            text = f"run {log['id']} ({log['token']}) is {log['status']}"
            yield Fault(promise="an outcome for each run", text=text)


def _fences(rows: Iterable[Row], logs: Iterable[Row]) -> Iterator[Fault]:
    """The fence counts the claims, and each claim has its row."""
    claimed = Counter((log["job_id"], log["slot"]) for log in logs)
    for row in rows:
        count = claimed[row.get("job_id", row["id"]), row.get("hostname_of_slot", "")]
        if row["fence"] != count:
            text = f"{_holds(row)} was claimed {row['fence']} times; {count} rows"
            yield Fault(promise="a row for each claim", text=text)


def _holds(row: Row) -> str:
    slot = row.get("hostname_of_slot")
    return f"{row['job_id']}@{slot}" if slot else str(row["id"])
