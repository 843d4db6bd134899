"""The state of a thing that can be claimed and run: its next run, its claim, its signs of life."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chroniker import fingerprint
from chroniker.constants import LONGEST_USERNAME


class Claimable(models.Model):
    """When it runs next, who holds it, and how it went last.

    Written only by conditional UPDATEs (claim, renew, record), each of which names the token it
    holds; never by a form, never by ``save()`` of an object that was loaded earlier.
    """

    next_run = models.DateTimeField(
        _("next run"),
        null=True,
        blank=True,
        help_text=_("When it runs next. Leave empty to have it computed from the schedule."),
    )
    next_occurrence = models.DateTimeField(
        _("next occurrence"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The instant the schedule names; the next run is this plus the jitter."),
    )
    last_run_start_timestamp = models.DateTimeField(
        _("last run start timestamp"), null=True, blank=True, editable=False
    )
    last_run = models.DateTimeField(
        _("last run"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the last finished run was started."),
    )
    last_heartbeat = models.DateTimeField(
        _("last heartbeat"), null=True, blank=True, editable=False
    )
    is_running = models.BooleanField(_("is running"), default=False, blank=True)
    last_run_successful = models.BooleanField(_("success"), null=True, blank=True, editable=False)
    lock_file = models.CharField(max_length=255, blank=True, editable=False)
    force_run = models.BooleanField(
        _("force run"),
        default=False,
        blank=True,
        help_text=_("Run it once at the next tick, whatever its schedule says."),
    )
    force_stop = models.BooleanField(
        _("force stop"),
        default=False,
        blank=True,
        help_text=_("End the run that is in progress."),
    )
    current_hostname = models.CharField(
        _("current hostname"), max_length=700, null=True, blank=True, editable=False
    )
    current_pid = models.CharField(
        _("current PID"), max_length=50, null=True, blank=True, editable=False, db_index=True
    )
    total_parts_complete = models.PositiveIntegerField(
        _("total parts complete"), default=0, editable=False
    )
    total_parts = models.PositiveIntegerField(_("total parts"), default=0, editable=False)

    claim_token = models.CharField(
        max_length=32, null=True, blank=True, editable=False, unique=True
    )
    fence = models.BigIntegerField(default=0, db_default=0, editable=False)
    lease_expires = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text=_("In ms since 1970, database's clock.")
    )
    heartbeat_count = models.BigIntegerField(default=0, db_default=0, editable=False)
    stop_fence = models.BigIntegerField(null=True, blank=True, editable=False)
    attempt = models.PositiveIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text=_("How often the run of the next occurrence was tried already."),
    )
    retry_at = models.DateTimeField(
        _("retry at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the next occurrence, whose run has failed, is tried again."),
    )
    last_ended = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When its last run ended.")
    )
    last_success = models.DateTimeField(
        _("last success"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When its last successful run ended."),
    )
    boot_id = models.CharField(max_length=64, null=True, blank=True, editable=False)
    current_pid_created = models.FloatField(null=True, blank=True, editable=False)
    forced_by = models.CharField(max_length=LONGEST_USERNAME, null=True, blank=True, editable=False)
    forced_args = models.TextField(
        null=True, blank=True, editable=False, help_text=_("Arguments for the forced run alone.")
    )
    stopped_by = models.CharField(
        max_length=LONGEST_USERNAME, null=True, blank=True, editable=False
    )

    failures = models.PositiveIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text=_("How many of its runs have failed since the last good one."),
    )
    fingerprint = models.CharField(
        max_length=fingerprint.LENGTH,
        null=True,
        blank=True,
        editable=False,
        help_text=_("What its last run failed of; empty since the last good run."),
    )
    trouble = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("What it has failed of since the last good run, and what was told of that."),
    )
    acknowledged_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("When somebody said that this error is known."),
    )
    acknowledged_by = models.CharField(
        max_length=LONGEST_USERNAME, null=True, blank=True, editable=False
    )

    class Meta:
        abstract = True


NOT_ACKNOWLEDGED: dict[str, Any] = {"acknowledged_at": None, "acknowledged_by": None}
"""The columns of an error of which nobody has said that it is known."""

WELL: dict[str, Any] = {"failures": 0, "fingerprint": None, "trouble": None, **NOT_ACKNOWLEDGED}
"""The columns of what fails of nothing."""


def has_come(moment: datetime) -> Q:
    """Rows whose next run, or the retry of it, has come; ``moment`` as it is stored."""
    return Q(next_run__lte=moment) & (Q(retry_at__isnull=True) | Q(retry_at__lte=moment))


def same_next_run(seen: Any) -> Q:
    """Rows whose next run, and the retry of it, are as they were seen on this object."""
    next_run = Q(next_run__isnull=True) if seen.next_run is None else Q(next_run=seen.next_run)
    retry = Q(retry_at__isnull=True) if seen.retry_at is None else Q(retry_at=seen.retry_at)
    return next_run & retry
