"""What people see and press. A project that has registered an admin of its own keeps it."""

from django.contrib import admin

from chroniker.admin.backfill import BackfillAdmin
from chroniker.admin.delivery import DeliveryAdmin
from chroniker.admin.host import HostAdmin
from chroniker.admin.inlines import JobDependencyInline
from chroniker.admin.job import JobAdmin
from chroniker.admin.log import LogAdmin
from chroniker.admin.monitor import MonitorAdmin
from chroniker.admin.pause import PauseAdmin
from chroniker.models import Backfill, Delivery, Host, Job, Log, Monitor, Pause

__all__ = [
    "BackfillAdmin",
    "DeliveryAdmin",
    "HostAdmin",
    "JobAdmin",
    "JobDependencyInline",
    "LogAdmin",
    "MonitorAdmin",
    "PauseAdmin",
]

_ADMINS = (
    (Job, JobAdmin),
    (Log, LogAdmin),
    (Monitor, MonitorAdmin),
    (Pause, PauseAdmin),
    (Backfill, BackfillAdmin),
    (Delivery, DeliveryAdmin),
    (Host, HostAdmin),
)

for model, model_admin in _ADMINS:
    if not admin.site.is_registered(model):
        admin.site.register(model, model_admin)
