"""A command that tells what its job knows of itself."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from chroniker.models import get_current_job


class Command(BaseCommand):
    """Print the history of its job as JSON, and fail."""

    help = "Print what its job knows of itself as one line of JSON, then fail."

    def handle(self, *_: Any, **options: Any) -> None:
        """Ask the job, print, fail."""
        job = get_current_job()
        if job is None:
            raise RuntimeError("this is no run")
        failures = job.logs.failures_in_a_row()
        last = failures.first()
        told = {
            "name": job.name,
            "next_run": job.next_run and job.next_run.isoformat(),
            "first_run": str(job.logs.earliest("run_start_datetime").pk),
            "last_run": job.last_run and job.last_run.isoformat(),
            "last_success": job.last_success and job.last_success.isoformat(),
            "waits_for": [each.dependee.name for each in job.dependencies.all()],
            "failures": failures.count(),
            "last_error": last and last.stderr.strip().splitlines()[-1],
            "is_running": job.is_running,
        }
        self.stdout.write(json.dumps(told))
        raise RuntimeError(f"failure {failures.count() + 1}")
