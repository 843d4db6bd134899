"""What people are to hear of, stored together with what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chroniker.constants import Event
from chroniker.models.job import Job
from chroniker.models.log import Log

LONGEST_KEY = 200


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Questions about what is to be told."""

    def unexpanded(self) -> NotificationQuerySet:
        """Those nobody has decided about yet."""
        return self.filter(expanded__isnull=True)


class Notification(models.Model):
    """One thing that happened. It is expanded once: into a delivery for each who is to hear of it.

    Jobs and logs can be deleted without it, and it is still sent then: ``job`` and ``log`` are
    None for rows that are gone only where they were asked for with ``select_related``.
    """

    event = models.CharField(_("event"), max_length=20, choices=Event, editable=False)
    job = models.ForeignKey(
        Job,
        verbose_name=_("job"),
        related_name="notifications",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
    )
    log = models.ForeignKey(
        Log,
        verbose_name=_("log"),
        related_name="notifications",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
    )
    hostname = models.CharField(
        _("hostname"), max_length=700, blank=True, default="", db_default="", editable=False
    )
    key = models.CharField(
        max_length=LONGEST_KEY,
        null=True,
        blank=True,
        unique=True,
        editable=False,
        help_text=_("What happened, once and for all: the database refuses a second row."),
    )
    details = models.JSONField(_("details"), default=dict, blank=True, editable=False)
    created = models.DateTimeField(_("noted"), default=timezone.now, editable=False)
    expanded = models.DateTimeField(
        _("decided"), null=True, blank=True, editable=False, db_index=True
    )
    decision = models.TextField(
        _("decision"),
        blank=True,
        default="",
        editable=False,
        help_text=_("Why nobody, or not everybody, was told."),
    )

    if TYPE_CHECKING:
        pk: int
        job_id: int | None
        log_id: int | None

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.get_event_display()} ({self.pk})"
