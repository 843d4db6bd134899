"""Print what came of each job, as JSON. Run with this package, after a tick.

``{name: [status of the newest run since the upgrade, its reason, the job's error]}``
"""

import json
from datetime import UTC, datetime

import django

django.setup()

from chroniker.models import Job  # noqa: E402 - after setup

FILLED = datetime(2025, 1, 1, tzinfo=UTC)  # fill.py writes older runs only


def main() -> None:
    """Print one object."""
    results = {}
    for job in Job.objects.order_by("-pk"):  # of two of the same name, the first counts
        # Without what came while it ran: of a job that runs each second, that may be something.
        runs = job.logs.carried_out().filter(run_start_datetime__gt=FILLED)
        log = runs.order_by("pk").last()
        results[job.name] = [log and log.status, log and log.reason, job.error]
    print(json.dumps(results))


if __name__ == "__main__":
    main()
