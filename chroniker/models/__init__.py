"""What is stored."""

from chroniker.models.job import Job, get_current_job, hostname_help_text_setter
from chroniker.models.job_dependency import JobDependency
from chroniker.models.job_host import JobHost, JobHostQuerySet
from chroniker.models.job_queryset import JobManager, JobQuerySet
from chroniker.models.log import Log, LogQuerySet
from chroniker.models.monitor import Monitor, MonitorManager

__all__ = [
    "Job",
    "JobDependency",
    "JobHost",
    "JobHostQuerySet",
    "JobManager",
    "JobQuerySet",
    "Log",
    "LogQuerySet",
    "Monitor",
    "MonitorManager",
    "get_current_job",
    "hostname_help_text_setter",
]
