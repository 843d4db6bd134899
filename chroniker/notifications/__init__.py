"""Who hears of what happened: it is stored with it (``outbox``), and sent later (``sender``).

What 1.x has as ``Log.email_subscribers()`` mails at once, without the outbox.
"""

from __future__ import annotations

import logging

from chroniker.models import Log

logger = logging.getLogger("chroniker.notifications")


def mail_subscribers(log: Log) -> None:
    """Mail this run's end, one message each, to those subscribers that want to hear of it.

    Faults are logged; one bad address keeps none of the others from hearing of it.
    """
    from chroniker.notifications.channels import mail
    from chroniker.notifications.message import event_of, message_of_log

    event = event_of(log)
    if not mail.wants(log.job, event):
        return
    message = message_of_log(log, event)
    for address, name in mail.addresses_of(log.job).items():
        try:
            mail.mail(message, address, name)
        except Exception:
            logger.exception("run=%s could not be mailed to %s", log.pk, address)
