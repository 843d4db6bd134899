"""Run the demo's due jobs once, and compare each job with what is expected of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import chroniker
from chroniker.models import Job, Log
from test_project.demo import MANAGE, ROOT
from test_project.demo.jobs import JOBS, DemoJob, Expected

LONGEST_SHOWN = 300
SOME_JOBS_FAILED = 1  # the exit status of cron


@dataclass(frozen=True)
class Before:
    """A job as it was loaded."""

    pk: int
    next_run: datetime | None


def main() -> int:
    """Run ``manage.py cron`` once, and print what ran. Return 0 if all is as it should be."""
    before = {job.name: Before(job.pk, job.next_run) for job in Job.objects.all()}
    print(f"chroniker {chroniker.__version__}: running what is due, once ...", flush=True)
    started = time.monotonic()
    cron = subprocess.run(
        [sys.executable, MANAGE, "cron"],
        cwd=ROOT,
        timeout=300,
        check=False,
        stderr=subprocess.PIPE,
        text=True,
    )
    seconds = time.monotonic() - started

    wrong = 0
    for demo_job in JOBS:
        differences = list(compare(demo_job, before[demo_job.name]))
        wrong += bool(differences)
        print_row(demo_job, before[demo_job.name].pk, differences)
    if cron.returncode != SOME_JOBS_FAILED:
        wrong += 1
        print(f"manage.py cron ended with status {cron.returncode}: {cron.stderr}")
    verdict = "every job did what it should" if not wrong else f"{wrong} went wrong"
    print(f"{len(JOBS)} jobs, {Log.objects.count()} runs in {seconds:.1f} s: {verdict}.")
    return 1 if wrong else 0


def compare(demo_job: DemoJob, before: Before) -> Iterator[str]:
    """Yield a sentence for each difference between a job and what is expected of it."""
    job = Job.objects.get(pk=before.pk)
    logs = list(job.logs.all())
    ended = before.next_run
    if demo_job.expected is None:
        if logs:
            yield f"it has {len(logs)} run(s), and should have none"
    elif len(logs) != 1:
        yield f"it has {len(logs)} runs, and should have one"
    else:
        yield from compare_run(logs[0], demo_job.expected)
        ended = logs[0].run_end_datetime
    yield from differ("is running", job.is_running, expected=False)
    yield from differ("enabled", job.enabled, expected=demo_job.enabled_afterwards)
    due = before.next_run
    next_run = demo_job.next_run(due, ended) if due and ended else None
    yield from differ("next run", job.next_run, expected=next_run)


def compare_run(log: Log, expected: Expected) -> Iterator[str]:
    """Yield a sentence for each difference between a run and what is expected of it."""
    yield from differ("status", log.status, expected=expected.status)
    if expected.exit_code is not None:
        yield from differ("exit status", log.exit_code, expected=expected.exit_code)
    yield from differ("stdout", log.stdout, expected=expected.stdout)
    if expected.stderr_ends_with is None:
        yield from differ("stderr", log.stderr, expected=expected.stderr)
    elif not log.stderr.endswith(expected.stderr_ends_with):
        yield f"stderr is {show(log.stderr)}, and should end with {expected.stderr_ends_with!r}"
    if expected.after is not None:
        first = Log.objects.filter(job__name=expected.after).first()
        if not (first and first.run_end_datetime):
            yield f"{expected.after!r}, which it waits for, did not run"
        elif log.run_start_datetime < first.run_end_datetime:
            yield f"it started before {expected.after!r} had ended"


def differ(what: str, found: object, *, expected: object) -> Iterator[str]:
    """Yield a sentence if the two are not the same."""
    if found != expected:
        yield f"{what} is {show(found)}, and should be {show(expected)}"


def show(value: object) -> str:
    """Return a value in a form short enough for a terminal."""
    text = str(value) if isinstance(value, datetime) else repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}... ({len(text)} long)"


def print_row(demo_job: DemoJob, pk: int, differences: list[str]) -> None:
    """Print a line about a job, and one for each difference."""
    job = Job.objects.get(pk=pk)
    log = job.logs.first()
    result, seconds = (log.status or "?", elapsed(log)) if log else ("not run", "")
    then = f"{job.next_run:%Y-%m-%d %H:%M:%S}" if job.next_run else "-"
    mark = "!!" if differences else "ok"
    print(f"{mark}  {demo_job.name:48} {result:10} {seconds:>8}  next {then}")
    for difference in differences:
        print(f"      {difference}")


def elapsed(log: Log) -> str:
    """Return how long a run took."""
    if log.run_end_datetime is None:
        return "..."
    return f"{(log.run_end_datetime - log.run_start_datetime).total_seconds():.2f} s"
