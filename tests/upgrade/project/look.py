"""Look at every row the way the admin does. Run with this package, after the upgrade."""

import json

import django

django.setup()

from chroniker.models import Job, Log  # noqa: E402 - after setup


def main() -> None:
    """Ask every job and every log for what a page shows, and count them."""
    for job in Job.objects.all():
        str(job)
        job.get_timeuntil()
        job.progress_percent_str()
        job.is_stale()
        job.get_run_length_estimate()
        job.dependencies_met()
    for log in Log.objects.all():
        str(log)
        log.duration_str()
        log.stdout_sample()
    print(json.dumps({"jobs": Job.objects.count(), "logs": Log.objects.count()}))


if __name__ == "__main__":
    main()
