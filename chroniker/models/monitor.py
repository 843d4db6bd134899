"""Jobs that check a condition."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from chroniker.models.job import Job
from chroniker.models.job_queryset import JobManager, JobQuerySet


class MonitorManager(JobManager):
    """Monitors only, whatever is asked."""

    def get_queryset(self) -> JobQuerySet:
        jobs: JobQuerySet = super().get_queryset()
        return jobs.filter(is_monitor=True)


class Monitor(Job):
    """A job that is a monitor."""

    objects = MonitorManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = _("monitor")
        verbose_name_plural = _("monitors")
