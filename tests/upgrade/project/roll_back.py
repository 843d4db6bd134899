"""Use tables that our migrations have changed through the original package's models.

Run by the original's interpreter, after the upgrade: what it prints is for the test.
"""

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from chroniker.models import Job, JobDependency, Log  # noqa: E402 - after setup


def main() -> None:
    """Insert, update, run and delete."""
    first = Job(name="made after the roll-back", frequency="DAILY", command="check")
    first.save()
    second = Job(name="depends on it", frequency="DAILY", command="check")
    second.save()
    JobDependency.objects.create(dependee=first, dependent=second)
    now = timezone.now()
    Log(job=first, run_start_datetime=now, run_end_datetime=now, stdout="by hand").save()
    Job.objects.filter(pk=first.pk).update(force_run=True)
    call_command("cron", jobs=str(first.pk), sync=True, update_heartbeat=0)
    print("runs:", first.logs.count())
    print("read:", Job.objects.count() > 30, Log.objects.count() > 15)


if __name__ == "__main__":
    main()
