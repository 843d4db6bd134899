"""A time in which some jobs, or all, start no new runs."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chroniker.models.job import Job
from chroniker.moments import to_stored

LONGEST_PATTERN = 200


class PauseQuerySet(models.QuerySet["Pause"]):
    """Questions about pauses."""

    def active(self, now: datetime) -> PauseQuerySet:
        """Pauses that hold at this moment (aware)."""
        moment = to_stored(now)
        open_end = Q(ends_at__isnull=True) | Q(ends_at__gt=moment)
        return self.filter(open_end, starts_at__lte=moment)


class Pause(models.Model):
    """Nothing new starts meanwhile: of one job, of those a pattern matches, or of all.

    The clock goes on, and so does what runs. What was missed is then each job's misfire policy's.
    """

    job = models.ForeignKey(
        Job,
        verbose_name=_("job"),
        related_name="pauses",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        help_text=_("Only this job. Empty, without a pattern: all jobs."),
    )
    pattern = models.CharField(
        _("pattern"),
        max_length=LONGEST_PATTERN,
        blank=True,
        default="",
        help_text=_("A regular expression: jobs whose name or command line it is found in."),
    )
    reason = models.CharField(_("reason"), max_length=255, blank=True, default="")
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("Empty: until somebody ends it.")
    )
    created_by = models.CharField(_("by"), max_length=150, blank=True, default="", editable=False)

    objects = PauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ("-starts_at", "-pk")
        indexes = (models.Index(fields=("ends_at", "starts_at"), name="chroniker_pause_active"),)

    def __str__(self) -> str:
        what = self.job.name if self.job_id and self.job else self.pattern or str(_("all jobs"))
        return f"{what}: {self.reason}" if self.reason else what
