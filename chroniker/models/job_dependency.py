"""Which job waits for which, and for what."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from chroniker import constants, dependency_graph
from chroniker.moments import to_instant

if TYPE_CHECKING:
    from chroniker.models.job import Job


class JobDependency(models.Model):
    """``dependent`` may start only when ``dependee`` meets the criteria ticked here."""

    dependent = models.ForeignKey(
        "chroniker.Job",
        related_name="dependencies",
        on_delete=models.CASCADE,
        help_text=_("The job that waits."),
    )
    dependee = models.ForeignKey(
        "chroniker.Job",
        related_name="dependents",
        on_delete=models.CASCADE,
        help_text=_("The job that is waited for."),
    )
    wait_for_completion = models.BooleanField(
        default=True, help_text=_("The job waited for must not be running.")
    )
    wait_for_success = models.BooleanField(
        default=True, help_text=_("The last run of the job waited for must have succeeded.")
    )
    wait_for_next_run = models.BooleanField(
        default=True,
        help_text=_("The job waited for must not be due before the waiting one."),
    )

    wait_for_fresh_success = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_("The job waited for must have succeeded since the waiting one was last run."),
    )

    class Meta:
        verbose_name = _("job dependency")
        verbose_name_plural = _("job dependencies")
        unique_together = (("dependent", "dependee"),)

    def __str__(self) -> str:
        return f"{self.dependent_id} waits for {self.dependee_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it; raises ValidationError for a circle, in which no job would ever run."""
        self.clean()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse a dependency that closes a circle, naming the circle."""
        if not (self.dependent_id and self.dependee_id):
            return  # the form already says which is missing
        rows = JobDependency.objects.exclude(pk=self.pk).values_list("dependent_id", "dependee_id")
        waits_for: dict[int, list[int]] = {}
        for dependent_id, dependee_id in rows:
            waits_for.setdefault(dependent_id, []).append(dependee_id)
        waits_for.setdefault(self.dependent_id, []).append(self.dependee_id)
        cycle = dependency_graph.find_cycle(waits_for, self.dependent_id)
        if cycle:
            raise ValidationError({"dependee": _cycle_message(cycle)})

    def criteria_met(self, running_ids: Collection[int] | None = None) -> bool:
        """Whether the dependent may start as far as this dependency goes.

        ``running_ids`` names jobs known to be running besides those marked so.
        """
        return self.unmet_criterion(running_ids) is None

    def unmet_criterion(self, running_ids: Collection[int] | None = None) -> str | None:
        """The first criterion that is not met, in words, or None."""
        dependee, dependent = self.dependee, self.dependent
        if self.wait_for_completion and (
            _is_running(dependee) or dependee.pk in (running_ids or ())
        ):
            return str(_("%s is still running") % dependee.name)
        if self.wait_for_success and not dependee.last_run_successful:
            return str(_("%s has not succeeded") % dependee.name)
        if self.wait_for_fresh_success and not dependent.attempt and not self._is_fresh(dependee):
            return str(_("%s has not succeeded since the last run") % dependee.name)
        if dependent.is_chained:
            return self._unmet_link(dependee)
        if self.wait_for_next_run and not _scheduled_no_earlier(dependee, dependent):
            return str(_("%s has not run for this time yet") % dependee.name)
        return None

    def _unmet_link(self, dependee: Job) -> str | None:
        """Of a chain: whether the dependee has ended as wanted since the dependent was last run.

        A retry belongs to the runs that its first attempt followed.
        """
        if self.dependent.next_run is not None or self.link() is not None:
            return None
        return str(_("%s has not run anew") % dependee.name)

    def link(self) -> datetime | None:
        """When the dependee last ended in a way that lets a chained dependent start, if anew."""
        wants_success = self.wait_for_success or self.wait_for_fresh_success
        dependee = self.dependee
        ended = to_instant(dependee.last_success if wants_success else dependee.last_ended)
        since = _last_start(self.dependent)
        return ended if ended is not None and (since is None or ended > since) else None

    def _is_fresh(self, dependee: Job) -> bool:
        """Whether the dependee has succeeded since the dependent was last started."""
        succeeded = to_instant(dependee.last_success)
        since = to_instant(self.dependent.last_run_start_timestamp)
        return succeeded is not None and (since is None or succeeded > since)


def _last_start(job: Job) -> datetime | None:
    """When it was started last or, for one that never was, from when on it is to be started."""
    known = (to_instant(job.last_run_start_timestamp), to_instant(job.anchor))
    return max((moment for moment in known if moment is not None), default=None)


def _is_running(job: Job) -> bool:
    if job.hostname == constants.ALL_HOSTS:
        return any(row.is_running for row in job.hosts.all())
    return job.is_running


def _scheduled_no_earlier(dependee: Job, dependent: Job) -> bool:
    """Whether the dependee has already been rescheduled to the dependent's time or later."""
    if dependee.next_run is None or dependent.next_run is None:
        return False
    return dependee.next_run >= dependent.next_run


def _cycle_message(cycle: list[int]) -> str:
    from chroniker.models.job import Job

    names = dict(Job.objects.filter(pk__in=cycle).values_list("pk", "name"))
    path = " → ".join(names.get(pk, str(pk)) for pk in cycle)
    return str(_("These jobs would wait for each other: %s") % path)
