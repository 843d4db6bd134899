"""What is stored."""

from chroniker.models.backfill import Backfill
from chroniker.models.delivery import Delivery, DeliveryQuerySet
from chroniker.models.host import Host
from chroniker.models.installation import Installation, Standing
from chroniker.models.job import Job, get_current_job, hostname_help_text_setter
from chroniker.models.job_dependency import JobDependency
from chroniker.models.job_host import JobHost, JobHostQuerySet
from chroniker.models.job_queryset import JobManager, JobQuerySet
from chroniker.models.log import Log, LogQuerySet
from chroniker.models.monitor import Monitor, MonitorManager
from chroniker.models.notification import Notification, NotificationQuerySet
from chroniker.models.pause import Pause
from chroniker.models.pausing import Held, Pauses
from chroniker.models.tally import Tally

__all__ = [
    "Backfill",
    "Delivery",
    "DeliveryQuerySet",
    "Held",
    "Host",
    "Installation",
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
    "Notification",
    "NotificationQuerySet",
    "Pause",
    "Pauses",
    "Standing",
    "Tally",
    "get_current_job",
    "hostname_help_text_setter",
]
