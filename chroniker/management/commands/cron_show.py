"""Tell what there is to know of one job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chroniker import wording, write_database
from chroniker.management import printing, times
from chroniker.management.jobs import job_called
from chroniker.management.outlines import outline
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.models.listing import Listed, listed
from chroniker.moments import iso, to_instant

RUNS = 5
"""So many of its last runs are shown."""

ERROR_LINES = 10
"""So many of the last lines on stderr of the last run, if that failed."""


class Command(BaseCommand):
    """One job: its definition, its state, its last runs, and what keeps it from running."""

    help = (
        "Tell what there is to know of a job: what it runs and when, its state, what keeps it from "
        "running now, its last runs and the end of the last error. Of its environment only the "
        "names are shown. Exit status: 0, or 2 if there is no such job."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", help="id or name of a job")
        parser.add_argument("--json", action="store_true", help="print it as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        from chroniker.dispatch.gates import shut
        from chroniker.dispatch.why import why_not_running

        database = write_database.alias()
        now = database_now(database)
        pk = job_called(options["job"], database).pk
        (found,) = listed(Job.objects.using(database).filter(pk=pk), now)
        keeping = shut(why_not_running(found.job, now))
        runs = list(found.job.logs.order_by("-run_start_datetime", "-pk")[:RUNS])
        if options["json"]:
            self.stdout.write(printing.as_json(_as_data(found, keeping, runs)))
        else:
            self._print(found, keeping, runs, now)

    def _print(self, found: Listed, keeping: list[Any], runs: list[Log], now: datetime) -> None:
        self.stdout.write(f"{found.job.pk} {printing.one_line(found.job.name)}")
        for label, text in _facts(found, now):
            self.stdout.write(f"  {label + ':':<15}{printing.one_line(text)}")
        if keeping:
            self.stdout.write("It does not run now:")
        for gate in keeping:
            opens = f" (opens {times.in_words(gate.opens)})" if gate.opens else ""
            self.stdout.write(f"  {gate.name}: {printing.one_line(gate.reason)}{opens}")
        if runs:
            self.stdout.write("Last runs:")
        for log in runs:
            self.stdout.write(f"  {_run_in_words(log)}")
        for line in _last_error(runs):
            self.stdout.write(f"  | {line}")


def _facts(found: Listed, now: datetime) -> Iterator[tuple[str, str]]:
    job = found.job
    detail = f" ({found.state.detail})" if found.state.detail else ""
    yield "state", f"{found.state.words}{detail}"
    yield "runs", job.command_line
    yield "schedule", f"{found.schedule} ({job.zone_name})"
    for label, moment, words in (
        ("next run", found.next_run, printing.ahead(found.next_run, now)),
        ("last run", found.last_run, printing.ago(found.last_run, now)),
        ("last success", found.last_success, printing.ago(found.last_success, now)),
    ):
        yield label, f"{words} ({times.in_words(moment)})" if moment else "never"
    for label, text in (
        ("errors", f"{found.errors} in a row" if found.errors else ""),
        ("group", job.group),
        ("host", job.hostname or ""),
        ("folder", job.working_directory),
        ("environment", ", ".join(_names(job))),
        ("waits for", ", ".join(each.dependee.name for each in job.dependencies.all())),
        ("description", job.description),
    ):
        if text:
            yield label, text


def _names(job: Job) -> list[str]:
    lines = (line.strip() for line in job.environment.splitlines())
    return [line.partition("=")[0] for line in lines if line and not line.startswith("#")]


def _run_in_words(log: Log) -> str:
    started = times.in_words(to_instant(log.run_start_datetime))
    took = printing.one_line(wording.duration(log.duration))
    parts = (f"{log.pk}", started, str(log.state.label), took, printing.one_line(log.reason or ""))
    return "  ".join(part for part in parts if part)


def _last_error(runs: list[Log]) -> list[str]:
    """The end of what the last run printed to stderr, unless it went well."""
    ended = [log for log in runs if log.run_end_datetime is not None]
    if not ended or ended[0].success:
        return []
    lines = wording.visible(ended[0].stderr).rstrip("\n").split("\n")
    return [line for line in lines[-ERROR_LINES:] if line]


def _as_data(found: Listed, keeping: list[Any], runs: list[Log]) -> dict[str, Any]:
    job = found.job
    return outline(found) | {
        "description": job.description,
        "working_directory": job.working_directory,
        "environment_names": _names(job),
        "waits_for": [each.dependee_id for each in job.dependencies.all()],
        "shut_gates": [
            {"gate": gate.name, "reason": gate.reason, "opens": iso(gate.opens)} for gate in keeping
        ],
        "runs": [_run_as_data(log) for log in runs],
    }


def _run_as_data(log: Log) -> dict[str, Any]:
    return {
        "id": log.pk,
        "status": log.state.value,
        "reason": log.reason or "",
        "scheduled_for": iso(to_instant(log.scheduled_for)),
        "started": iso(to_instant(log.run_start_datetime)),
        "ended": iso(to_instant(log.run_end_datetime)),
        "seconds": None if log.duration is None else log.duration.total_seconds(),
        "exit_code": log.exit_code,
        "host": log.hostname or "",
    }
