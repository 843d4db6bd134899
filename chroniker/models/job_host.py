"""A job that every host runs for itself: its schedule and its claim on one host."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from chroniker import constants
from chroniker.models.claimable import Claimable, same_next_run
from chroniker.models.job import Job


class JobHostQuerySet(models.QuerySet["JobHost"]):
    """Questions about the claimable rows of jobs whose host is ``*``."""

    def idle(self) -> JobHostQuerySet:
        """Rows nobody has claimed."""
        return self.filter(is_running=False)

    def all_running(self) -> JobHostQuerySet:
        """Rows somebody has claimed."""
        return self.filter(is_running=True)

    def unchanged(self, job: Job) -> JobHostQuerySet:
        """The row of this job, if definition and next run are as they were when it was loaded."""
        definition = Job.objects.using(self.db).filter(pk=job.pk, revision=job.revision)
        # Not by a join: some databases would look the row up first and update it after.
        return self.filter(same_next_run(job), Exists(definition), pk=job.host_row or 0)

    def of_enabled(self) -> JobHostQuerySet:
        """Rows whose job is enabled."""
        enabled = Job.objects.using(self.db).filter(
            pk=OuterRef("job_id"), enabled=True, hostname=constants.ALL_HOSTS
        )
        return self.filter(Exists(enabled))

    def abandoned(self) -> JobHostQuerySet:
        """Rows whose job is gone: deleted by 1.x, or while this host made its row."""
        return self.exclude(Exists(Job.objects.using(self.db).filter(pk=OuterRef("job_id"))))

    def outdated(self) -> JobHostQuerySet:
        """Rows whose schedule is not yet that of the job's present definition."""
        return self.idle().exclude(revision=F("job__revision"))


class JobHost(Claimable):
    """One host's share of a job whose host is ``*``: when it runs there, and who holds it."""

    # No constraint: jobs of 1.x have had keys of another type by a project's own migration, which
    # MariaDB would refuse; and after a roll-back 1.x has to be able to delete jobs.
    job = models.ForeignKey(
        Job, related_name="hosts", on_delete=models.CASCADE, db_constraint=False
    )
    hostname = models.CharField(_("hostname"), max_length=255)
    revision = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects = JobHostQuerySet.as_manager()

    class Meta:
        verbose_name = _("job on a host")
        verbose_name_plural = _("jobs on hosts")
        constraints = (
            models.UniqueConstraint(fields=("job", "hostname"), name="chroniker_jobhost_one"),
        )
        indexes = (models.Index(fields=("hostname", "next_run"), name="chroniker_jobhost_due"),)

    def __str__(self) -> str:
        return f"{self.job_id} on {self.hostname}"

    def as_job(self) -> Job:
        """The job with this host's state in place of its own."""
        job = self.job
        for field in Claimable._meta.get_fields():
            setattr(job, field.name, getattr(self, field.name))
        job.slot, job.host_row = self.hostname, self.pk
        return job
