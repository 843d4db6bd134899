"""All there is to say at a terminal: what is wrong and why, what runs, and who ticks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chroniker.dispatch.expected import why
from chroniker.dispatch.gates import Situation
from chroniker.expectations import lengths, silence
from chroniker.expectations.lengths import Unusual
from chroniker.health import failures, state
from chroniker.health.failures import Failure
from chroniker.health.state import Concern, Kind, State
from chroniker.models import Delivery, Host, Job, Notification
from chroniker.moments import iso, to_instant
from chroniker.wording import duration, in_utc

MOST_REASONS = 100
"""Of so many late jobs it is asked what keeps them."""

_WIDEST = 40
"""Columns that a job's name takes."""


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The state, with what explains it. ``reasons`` are by :attr:`Concern.name`."""

    state: State
    reasons: Mapping[str, str]
    failures: Mapping[int, Failure]
    long: Sequence[Unusual]
    pending: int
    given_up: int

    @property
    def is_well(self) -> bool:
        """Whether nothing needs attention."""
        found = self.state
        bad = found.concerns or found.silent_hosts or self.long or self.given_up
        return found.is_anybody_ticking and not bad

    # As a page

    def lines(self) -> Iterator[str]:
        """The page; its first line is the verdict."""
        yield self._verdict()
        for title, rows in (
            ("Needs attention", list(self._attention())),
            ("Running", [_running(job, self.state.now) for job in self.state.running]),
            ("Hosts", [_host(host, self.state.now) for host in self.state.hosts]),
            ("Paused", [_pause(pause) for pause in self.state.pauses]),
        ):
            yield ""
            yield f"{title}:" if rows else f"{title}: nothing"
            yield from (f"  {' '.join(row.splitlines())}" for row in rows)
        if self.pending or self.given_up:
            yield ""
            yield f"Notifications: {self.pending} to be sent, {self.given_up} given up"

    def _verdict(self) -> str:
        if self.is_well:
            return "All is well."
        if self.state.is_anybody_ticking:
            return "Something needs attention."
        last = self.state.last_tick
        if last is None:
            return "No scheduler has ever looked for due jobs."
        return f"No scheduler has looked for due jobs since {in_utc(last)}."

    def _attention(self) -> Iterator[str]:
        for concern in self.state.concerns:
            words = self._words(concern)
            yield f"{concern.kind:8} {concern.job.pk:>5} {concern.name:{_WIDEST}} {words}"
        for run in self.long:
            words = f"running for {duration(run.took)}, expected at most {duration(run.limit)}"
            yield f"{Kind.LONG:8} {run.job_id:>5} {run.name:{_WIDEST}} {words}"

    def _words(self, concern: Concern) -> str:
        failure = self.failures.get(concern.job.pk)
        if concern.kind == Kind.FAILING and failure is not None:
            return f"×{failure.times} {failure.kind}: {failure.value}; {concern.words}"
        reason = self.reasons.get(concern.name) if concern.kind == Kind.LATE else ""
        return f"{concern.words}: {reason}" if reason else concern.words

    # As values

    def as_values(self) -> dict[str, Any]:
        """The same for JSON."""
        found = self.state
        return {
            "well": self.is_well,
            "verdict": self._verdict(),
            "now": found.now.isoformat(),
            "last_tick": iso(found.last_tick),
            "concerns": [self._concern(concern) for concern in found.concerns],
            "too_long": [
                {
                    **{"job": run.job_id, "name": run.name, "run": run.log_id},
                    "seconds": run.took.total_seconds(),
                    "limit_seconds": run.limit.total_seconds(),
                }
                for run in self.long
            ],
            "running": [
                {
                    **{"job": job.pk, "name": job.name, "host": job.current_hostname},
                    "since": iso(to_instant(job.last_run_start_timestamp)),
                }
                for job in found.running
            ],
            "hosts": found.values_of_hosts(),
            "pauses": [_pause(pause) for pause in found.pauses],
            "notifications": {"pending": self.pending, "given_up": self.given_up},
        }

    def _concern(self, concern: Concern) -> dict[str, Any]:
        failure = self.failures.get(concern.job.pk)
        values = {
            "kind": str(concern.kind),
            "job": concern.job.pk,
            "name": concern.name,
            "since": iso(concern.since),
            "words": self._words(concern),
        }
        if concern.kind == Kind.FAILING and failure is not None:
            values |= {
                **{"failures": failure.times, "run": failure.log_id},
                **{"type": failure.kind, "value": failure.value},
            }
        return values


def read(database: str, now: datetime) -> Overview:
    """All of it at ``now`` (aware); changes nothing."""
    found = state.read(database, now)
    failing = [concern.job.pk for concern in found.of(Kind.FAILING)]
    return Overview(
        state=found,
        reasons=_reasons(database, found),
        failures=failures.of_jobs(database, failing),
        long=lengths.too_long(database, now),
        pending=Notification.objects.using(database).unexpanded().count()
        + Delivery.objects.using(database).unsettled().count(),
        given_up=Delivery.objects.using(database).given_up().count(),
    )


def _reasons(database: str, found: State) -> dict[str, str]:
    late = found.of(Kind.LATE)[:MOST_REASONS]
    if not late:
        return {}
    situation = Situation.read(database, found.now)
    situation.pauses.expect(concern.job for concern in late)
    last_ticks = {host.hostname: silence.last_tick([host]) for host in found.hosts}
    return {concern.name: why(concern.job, situation, last_ticks) for concern in late}


def _running(job: Job, now: datetime) -> str:
    began = to_instant(job.last_run_start_timestamp)
    took = "" if began is None else duration(now - began)
    where = job.slot or job.current_hostname or ""
    return f"{job.pk:>5} {job.name:{_WIDEST}} {took:>10} {where}"


def _host(host: Host, now: datetime) -> str:
    last = to_instant(host.last_tick)
    if host.is_retired:
        words = "retired"
    elif not host.is_expected(now):
        words = "not expected any more"
    else:
        words = "SILENT" if host.is_silent(now) else "ticks"
    ago = "" if last is None else f"{duration(now - last)} ago"
    away = ""
    if host.away_from is not None and host.away_until is not None:
        begin, end = to_instant(host.away_from), to_instant(host.away_until)
        away = f"; away from {in_utc(begin)} to {in_utc(end)}: {host.away_cost}"
    return f"{host.hostname:{_WIDEST}} {words}, {ago}{away}"


def _pause(pause: Any) -> str:
    until = to_instant(pause.ends_at)
    end = "until somebody ends it" if until is None else f"until {in_utc(until)}"
    return f"{pause}, {end}"
