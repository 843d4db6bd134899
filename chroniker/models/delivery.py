"""One message about one notification, to one recipient."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chroniker.models.notification import Notification
from chroniker.moments import to_stored

LONGEST_RECIPIENT = 500


class Sending(models.TextChoices):
    """How a delivery stands."""

    PENDING = "pending", _("Pending")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    GIVEN_UP = "given_up", _("Given up")


UNSETTLED = (Sending.PENDING, Sending.SENDING)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Questions about messages."""

    def unsettled(self) -> DeliveryQuerySet:
        """Those still to be sent, now or later."""
        return self.filter(status__in=UNSETTLED)

    def due(self, now: datetime) -> DeliveryQuerySet:
        """Those to be sent at ``now`` (aware); also those whose sender has not reported back."""
        return self.unsettled().filter(due_at__lte=to_stored(now))

    def given_up(self) -> DeliveryQuerySet:
        """Those that nobody could send in time."""
        return self.filter(status=Sending.GIVEN_UP)


class Delivery(models.Model):
    """A message to be sent over a channel, until it is sent or given up.

    ``recipient`` says who within the channel; of a secret, only where it is kept. Whoever sends
    it puts a ``token`` of its own here, and ``due_at`` to when it counts as dead.
    """

    notification = models.ForeignKey(
        Notification,
        verbose_name=_("notification"),
        related_name="deliveries",
        editable=False,
        on_delete=models.CASCADE,
    )
    channel = models.CharField(_("channel"), max_length=50, editable=False)
    recipient = models.CharField(_("recipient"), max_length=LONGEST_RECIPIENT, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=Sending, default=Sending.PENDING, editable=False
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    due_at = models.DateTimeField(_("next attempt"), default=timezone.now, editable=False)
    error = models.TextField(_("error"), blank=True, default="", editable=False)
    token = models.CharField(max_length=32, null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)

    if TYPE_CHECKING:
        pk: int
        notification_id: int

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-pk",)
        indexes = (models.Index(fields=("status", "due_at"), name="chroniker_delivery_due"),)
        constraints = (
            models.UniqueConstraint(
                fields=("notification", "channel", "recipient"), name="chroniker_delivery_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.channel}: {self.recipient}"
