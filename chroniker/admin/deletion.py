"""What would be deleted, told without loading it: a job may have a million logs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import NestedObjects
from django.db import router
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from chroniker.models import Job, Log
from chroniker.models.state import running

SHOWN = 100
"""How many objects are named."""

Answer = tuple[list[Any], dict[str, int], set[str], list[Any]]
"""As ``ModelAdmin.get_deleted_objects`` gives it: names, counts, permissions missing, obstacles."""


@dataclass
class _Deletion:
    """The parts of that answer, while they are gathered."""

    names: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    obstacles: list[str] = field(default_factory=list)

    def add(self, model: type[Model], objects: Iterable[Model], count: int) -> None:
        """Name the first objects of a model, and count all of them."""
        self.counts[str(model._meta.verbose_name_plural)] = count
        name = capfirst(model._meta.verbose_name)
        shown = [f"{name}: {each}" for each in islice(objects, SHOWN)]
        self.names += shown
        if count > len(shown):
            self.names.append(_("… and %d more") % (count - len(shown)))

    def demand(self, site: AdminSite, request: HttpRequest, model: type[Model]) -> None:
        """Note a model of which this person may delete nothing."""
        if site.is_registered(model) and not site.get_model_admin(model).has_delete_permission(
            request
        ):
            self.forbidden.add(str(model._meta.verbose_name))

    def answer(self) -> Answer:
        return self.names, self.counts, self.forbidden, self.obstacles


def of_jobs(jobs: Iterable[Job], request: HttpRequest, site: AdminSite) -> Answer:
    """What goes with these jobs. A job that is running is an obstacle: its run would be lost."""
    jobs = list(jobs)
    collector = _WithoutLogs(using=router.db_for_write(Job), origin=jobs)
    collector.collect(jobs)
    deletion = _Deletion()
    found: dict[Any, Any] = collector.model_objs
    for model, objects in found.items():
        deletion.add(model, sorted(objects, key=str), len(objects))
        deletion.demand(site, request, model)
    logs = Log.objects.filter(job__in=[job.pk for job in jobs]).count()
    if logs:
        deletion.add(Log, (), logs)
        deletion.demand(site, request, Log)
    deletion.obstacles += [str(obstacle) for obstacle in collector.protected]
    deletion.obstacles += [
        _("“%s” is running. Stop it first.") % job.name for job in jobs if running(job)
    ]
    return deletion.answer()


def of_logs(logs: QuerySet[Log], request: HttpRequest, site: AdminSite) -> Answer:
    """These logs. One whose run goes on is an obstacle: its outcome could not be written."""
    logs = logs.select_related("job").defer("stdout", "stderr", "arguments")
    deletion = _Deletion()
    deletion.add(Log, logs[:SHOWN], logs.count())
    deletion.demand(site, request, Log)
    running = logs.filter(status="running")[:SHOWN]
    deletion.obstacles += [_("%s is running.") % log for log in running]
    return deletion.answer()


class _WithoutLogs(NestedObjects):
    """Everything that goes with a job but its logs, which are only counted."""

    def related_objects(self, related_model: Any, related_fields: Any, objs: Any) -> Any:
        related = super().related_objects(related_model, related_fields, objs)
        return related.none() if related_model is Log else related
