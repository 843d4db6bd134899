"""The numbers that Prometheus scrapes, from few queries and with bounded labels.

Counters and histograms come from :class:`chroniker.models.Tally`, which outlives the logs, so they
never go down while a job exists. The first ``CHRONIKER_METRICS_JOBS`` jobs, by id, have series of
their own; what all others have done is added up under ``job_id="other"``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE

from chroniker import settings
from chroniker.constants import Status
from chroniker.expectations import silence
from chroniker.health import state
from chroniker.health.state import State
from chroniker.health.verdict import KINDS
from chroniker.models import Delivery, Job, JobHost, Notification, Tally
from chroniker.models.delivery import Sending
from chroniker.models.tally import BOUNDS
from chroniker.moments import to_instant, to_stored

__all__ = ["CONTENT_TYPE", "exposition"]

MOST_HOSTS = 100

_LABELS = ("job_id", "job_name")
_OTHER = ("other", "")


def exposition(database: str, now: datetime) -> bytes:
    """All numbers at ``now`` (aware) in Prometheus' text format; a dozen queries at most."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(list(_all(database, now))))
    return generate_latest(registry)


class _Collector:
    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found

    def describe(self) -> Iterable[Metric]:
        return ()


def _all(database: str, now: datetime) -> Iterator[Metric]:
    jobs = list(Job.objects.using(database).order_by("pk")[: settings.CHRONIKER_METRICS_JOBS])
    known = {job.pk: (str(job.pk), job.name) for job in jobs}
    yield from _of_runs(_totals(database, known))
    yield from _of_jobs(jobs)
    yield from _of_now(database, state.read(database, now))
    yield from _of_notifications(database)


# What has run


@dataclass
class _Total:
    """The tallies of a job, or of all that have no series of their own."""

    runs: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    buckets: dict[str, int] = field(default_factory=dict)
    carried_out: int = 0
    timed: int = 0
    late_seconds: float = 0.0

    def add(self, row: dict[str, Any]) -> None:
        self.runs[row["status"]] = int(row["runs"])
        self.timed += int(row["timed"])
        self.late_seconds += int(row["lateness_ms"]) / 1000
        if row["status"] != Status.SKIPPED:
            self.carried_out += int(row["runs"])
            self.seconds += int(row["duration_ms"]) / 1000
            for name in BOUNDS:
                self.buckets[name] = self.buckets.get(name, 0) + int(row[name])


_COUNTS = ("runs", "duration_ms", "timed", "lateness_ms", *BOUNDS)


def _totals(database: str, known: dict[int, tuple[str, str]]) -> dict[tuple[str, str], _Total]:
    found: dict[tuple[str, str], _Total] = {}
    rows, last = Tally.objects.using(database).order_by("job_id", "status"), max(known, default=0)
    for row in rows.filter(job__lte=last).values("job_id", "status", *_COUNTS):
        if row["job_id"] in known:  # else the job was deleted by 1.x
            found.setdefault(known[row["job_id"]], _Total()).add(row)
    others: Any = rows.filter(job__gt=last).order_by().values("status")
    for row in others.annotate(**{f"all_{name}": Sum(name) for name in _COUNTS}):
        counts = {name: row[f"all_{name}"] for name in _COUNTS}
        found.setdefault(_OTHER, _Total()).add({"status": row["status"], **counts})
    return found


def _of_runs(totals: dict[tuple[str, str], _Total]) -> Iterator[Metric]:
    runs = CounterMetricFamily(
        "chroniker_runs", "Runs that have ended, and occurrences that were skipped.",
        labels=(*_LABELS, "status"),
    )  # fmt: skip
    lengths = HistogramMetricFamily(
        "chroniker_run_duration_seconds", "How long runs took.", labels=_LABELS
    )
    late = SummaryMetricFamily(
        "chroniker_run_lateness_seconds", "How long after their time runs began.", labels=_LABELS
    )
    for labels, total in totals.items():
        for status, number in sorted(total.runs.items()):
            runs.add_metric((*labels, status), number)
        lengths.add_metric(labels, _cumulative(total), sum_value=total.seconds)
        late.add_metric(labels, count_value=total.timed, sum_value=total.late_seconds)
    yield from (runs, lengths, late)


def _cumulative(total: _Total) -> list[tuple[str, float]]:
    found, so_far = [], 0
    for name, bound in BOUNDS.items():
        so_far += total.buckets.get(name, 0)
        found.append((f"{float(bound)}", float(so_far)))
    return [*found, ("+Inf", float(total.carried_out))]


# How things are


def _of_jobs(jobs: Iterable[Job]) -> Iterator[Metric]:
    success = GaugeMetricFamily(
        "chroniker_job_last_success_timestamp_seconds", "When it last succeeded.", labels=_LABELS
    )
    for job in jobs:
        moment = to_instant(job.last_success)
        if moment is not None:
            success.add_metric((str(job.pk), job.name), moment.timestamp())
    yield success


def _of_now(database: str, found: State) -> Iterator[Metric]:
    counted = _counts(database, found.now)
    yield _gauge("jobs_running", "Runs that go on.", counted["running"])
    yield _gauge("jobs_due", "Enabled jobs whose time has come.", counted["due"])
    for kind in KINDS:
        yield _gauge(f"jobs_{kind}", f"Jobs that are {kind}.", len(found.of(kind)))
    yield _gauge("pauses", "Pauses that hold now.", len(found.pauses))
    ages = GaugeMetricFamily(
        "chroniker_host_tick_age_seconds",
        "Since a host last looked for due jobs.",
        labels=("host",),
    )
    quiet = GaugeMetricFamily(
        "chroniker_host_silent", "1 if a host should have ticked and has not.", labels=("host",)
    )
    expected = [host for host in found.hosts if host.is_expected(found.now)]
    for host in expected[:MOST_HOSTS]:
        last = silence.last_tick([host])
        if last is not None:
            ages.add_metric((host.hostname,), max(0.0, (found.now - last).total_seconds()))
            quiet.add_metric((host.hostname,), float(host.is_silent(found.now)))
    yield from (ages, quiet)


def _counts(database: str, now: datetime) -> dict[str, int]:
    due = Q(enabled=True, is_running=False, next_run__lte=to_stored(now))
    jobs: dict[str, int] = Job.objects.using(database).aggregate(
        running=Count("pk", filter=Q(is_running=True)), due=Count("pk", filter=due)
    )
    shares = JobHost.objects.using(database).all_running().count()
    return {"running": jobs["running"] + shares, "due": jobs["due"]}


def _of_notifications(database: str) -> Iterator[Metric]:
    undecided = Notification.objects.using(database).unexpanded().count()
    rows: Any = Delivery.objects.using(database).exclude(status=Sending.SENT).order_by()
    counted = rows.aggregate(
        pending=Count("pk", filter=~Q(status=Sending.GIVEN_UP)),
        given_up=Count("pk", filter=Q(status=Sending.GIVEN_UP)),
    )
    pending = undecided + counted["pending"]
    yield _gauge("notifications_pending", "What people have not been told yet.", pending)
    words = "What nobody could be told, of what is still stored."
    yield _gauge("notifications_given_up", words, counted["given_up"])


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"chroniker_{name}", words, value=value)
