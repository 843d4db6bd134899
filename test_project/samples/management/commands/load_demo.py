"""Put the demo's jobs and people into the database."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.utils import timezone

from chroniker.models import Job, JobDependency
from test_project.demo import ADMIN_NAME, ADMIN_PASSWORD
from test_project.demo.jobs import JOBS, DemoJob


class Command(BaseCommand):
    """Add what is not there yet, and leave alone what is."""

    help = "Load the demo's jobs and logins; safe to repeat."

    def handle(self, *, verbosity: int, **options: Any) -> None:
        """Load; everything that is due is due since the beginning of this minute."""
        due = datetime.now(UTC).replace(second=0, microsecond=0)
        if not timezone.is_aware(timezone.now()):
            due = timezone.make_naive(due)
        self._add_people()
        missing = [job for job in JOBS if not Job.objects.filter(name=job.name).exists()]
        for job in missing:
            self._add(job, due)
        for job in missing:
            self._connect(job)
        if verbosity:
            self.stdout.write(f"{len(missing)} of {len(JOBS)} demo jobs were added.")

    def _add_people(self) -> None:
        if not User.objects.filter(username=ADMIN_NAME).exists():
            User.objects.create_superuser(ADMIN_NAME, "demo@example.com", ADMIN_PASSWORD)
        if not User.objects.filter(username="without-mail").exists():
            User.objects.create_user("without-mail")

    def _add(self, job: DemoJob, due: datetime) -> None:
        Job(name=job.name, next_run=due if job.due else None, **job.fields).save()

    def _connect(self, job: DemoJob) -> None:
        dependent = Job.objects.get(name=job.name)
        for name in job.waits_for:
            dependee = Job.objects.get(name=name)
            JobDependency.objects.create(dependent=dependent, dependee=dependee)
