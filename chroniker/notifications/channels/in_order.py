"""For services that take what they hear last for the present: nothing old comes after the new.

What such a service is to hear of one job is a *line* of deliveries with the same recipient.
"""

from __future__ import annotations

from chroniker.models import Delivery, Notification
from chroniker.models.delivery import Sending
from chroniker.notifications.channels import Hopeless


def line_of(what: str, notification: Notification) -> str:
    """The recipient for a line about this notification's job (and host, if each has its own)."""
    log = notification.log
    slot = f" on {log.slot}" if log is not None and log.slot else ""
    return f"{what} of job {notification.job_id}{slot}"


def keep_order(notification: Notification, recipient: str) -> None:
    """Raise Hopeless if something later of this line was told, and an error if it has to wait."""
    of_job = Delivery.objects.using(notification._state.db).filter(
        notification__job=notification.job_id
    )
    line = of_job.filter(recipient=recipient)
    told = (Sending.SENDING, Sending.SENT)
    if line.filter(notification__gt=notification.pk, status__in=told).exists():
        raise Hopeless("superseded by what came later, and was told before")
    if line.filter(notification__lt=notification.pk, status=Sending.SENDING).exists():
        raise RuntimeError("what came before is being told just now")
