"""A stretch of past occurrences that somebody wants to be run, each with its own date."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chroniker import constants
from chroniker.constants import Status
from chroniker.models.job import Job
from chroniker.moments import to_stored

LONGEST_REASON = 255


class Which(models.TextChoices):
    """Which occurrences of the stretch are run."""

    MISSING = "missing", _("Those without a run")
    FAILED = "failed", _("Those whose last run did not succeed, and those without one")
    ALL = "all", _("All of them, again")


class BackfillQuerySet(models.QuerySet["Backfill"]):
    """Questions about backfills."""

    def unfinished(self) -> BackfillQuerySet:
        """Those that have dates left to run."""
        return self.filter(ended_at__isnull=True)


class Backfill(models.Model):
    """One order to run the occurrences of a job from ``since`` to ``until``, oldest first.

    ``position`` is the last of them that has been run; the order is stopped as a whole by ending
    it, and goes on where it was once its end is taken back.
    """

    job = models.ForeignKey(
        Job,
        verbose_name=_("job"),
        related_name="backfills",
        on_delete=models.CASCADE,
        db_constraint=False,
    )
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("to"))
    which = models.CharField(_("which"), max_length=10, choices=Which, default=Which.MISSING)
    position = models.DateTimeField(_("done up to"), null=True, blank=True, editable=False)
    total = models.PositiveIntegerField(_("dates"), default=0, editable=False)
    done = models.PositiveIntegerField(_("run so far"), default=0, editable=False)
    created_at = models.DateTimeField(_("ordered"), default=timezone.now, editable=False)
    created_by = models.CharField(
        _("by"), max_length=constants.LONGEST_USERNAME, blank=True, default="", editable=False
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    reason = models.CharField(
        _("reason"), max_length=LONGEST_REASON, blank=True, default="", editable=False
    )

    objects = BackfillQuerySet.as_manager()

    class Meta:
        verbose_name = _("backfill")
        verbose_name_plural = _("backfills")
        ordering = ("-created_at", "-pk")
        indexes = (models.Index(fields=("ended_at", "job"), name="chroniker_backfill_open"),)

    def __str__(self) -> str:
        return f"{self.job.name}: {self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M}"


def advance(database: str, pk: int, date: datetime, status: Status, now: datetime) -> None:
    """Note how the run of this date ended; at the first that does not succeed the order stops."""
    order = Backfill.objects.using(database).filter(pk=pk)
    if status == Status.SUCCEEDED:
        order.update(done=F("done") + 1, position=to_stored(date))
    else:
        reason = f"the run for {date:%Y-%m-%d %H:%M} UTC ended as {status}"
        order.unfinished().update(ended_at=to_stored(now), reason=reason)
