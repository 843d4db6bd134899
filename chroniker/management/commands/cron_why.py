"""Say why a job does not run."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chroniker import write_database
from chroniker.management.jobs import job_called
from chroniker.models import Job
from chroniker.models.database_clock import database_now


class Command(BaseCommand):
    """The gates between a job and its next run, as the tick finds them."""

    help = (
        "Say why a job does not run now: every condition, open or shut, with its reason and, "
        "where that is known, when it opens by itself. It is the answer by which cron itself "
        "decides, given for this host. Exit status: 0 if the job would start at the next tick, "
        "1 if not, 2 if there is no such job."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", help="id or name of a job")
        parser.add_argument("--json", action="store_true", help="print the gates as JSON")

    def handle(self, *_args: Any, **options: Any) -> str | None:
        from chroniker.dispatch.gates import shut
        from chroniker.dispatch.why import why_not_running

        database = write_database.alias()
        job = job_called(options["job"], database)
        gates = why_not_running(job, database_now(database))
        self._print_json(job, gates) if options["json"] else self._print(job, gates)
        if shut(gates):
            raise SystemExit(1)
        return None

    def _print(self, job: Job, gates: list[Any]) -> None:
        self.stdout.write(f"{job.pk} {job.name}")
        for gate in gates:
            mark = self.style.SUCCESS("open") if gate.is_open else self.style.ERROR("shut")
            opens = f" (opens {gate.opens:%Y-%m-%d %H:%M:%S} UTC)" if gate.opens else ""
            reason = f": {gate.reason}{opens}" if gate.reason else ""
            self.stdout.write(f"  {mark}  {gate.name}{reason}")
        if all(gate.is_open for gate in gates):
            self.stdout.write("It starts at the next tick.")

    def _print_json(self, job: Job, gates: list[Any]) -> None:
        rows = [
            {
                "gate": gate.name,
                "open": gate.is_open,
                "reason": gate.reason,
                "opens": gate.opens.isoformat() if gate.opens else None,
                "needs_a_person": gate.needs_a_person,
            }
            for gate in gates
        ]
        self.stdout.write(json.dumps({"job": job.pk, "name": job.name, "gates": rows}, indent=2))
