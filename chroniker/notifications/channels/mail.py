"""Mail to a job's subscribers, one message each; of what is no job's, to the project's admins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from email.utils import formataddr, parseaddr
from smtplib import SMTPRecipientsRefused

from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives

from chroniker import settings
from chroniker.constants import Event
from chroniker.models import Job, Notification
from chroniker.moments import to_instant
from chroniker.notifications.channels import Hopeless
from chroniker.notifications.message import Message, message_of
from chroniker.notifications.printable import in_one_line

is_for_people = True
has_one_receiver = True


def wants(job: Job, event: Event) -> bool:
    """Whether this job's subscribers, should it have any, hear of such an event."""
    if event == Event.RUN_SUCCEEDED:
        return job.email_success_to_subscribers
    if event == Event.RUN_RECOVERED:  # who hears of each success hears of this one
        return job.email_errors_to_subscribers and not job.email_success_to_subscribers
    return job.email_errors_to_subscribers


def recipients(notification: Notification) -> Sequence[str]:
    """The addresses of those to hear of it."""
    job, event = notification.job, Event(notification.event)
    if event == Event.TEST and "to" in notification.details:
        return [address for address in (_usable(notification.details["to"]),) if address]
    if notification.job_id is None:
        return [address for address in map(_usable, _admins()) if address]
    if job is None or not (event == Event.TEST or wants(job, event)):
        return ()
    return list(addresses_of(job))


def send(notification: Notification, recipient: str) -> None:
    """Mail it to this address. Raises what Django raises."""
    job = notification.job
    name = addresses_of(job).get(recipient, "") if job is not None else ""
    mail(message_of(notification), recipient, name, message_id=_message_id(notification, recipient))


def addresses_of(job: Job) -> dict[str, str]:
    """The subscribers' addresses, each with a name; who has none, or has left, has none here."""
    found: dict[str, str] = {}
    for user in job.subscribers.all():
        # The project's user model need not have more than Django's base class.
        address = _usable(getattr(user, type(user).get_email_field_name(), ""))
        if address and user.is_active:
            name = user.get_full_name() if hasattr(user, "get_full_name") else ""
            found.setdefault(address, name)
    return found


def mail(message: Message, address: str, name: str, *, message_id: str = "") -> None:
    """Mail this message to one person. Raises what Django raises, or :class:`Hopeless`."""
    sender = in_one_line(settings.CHRONIKER_EMAIL_SENDER)
    try:
        to = formataddr((in_one_line(name), _in_ascii(address)))
    except UnicodeError:
        raise Hopeless(f"only ASCII before the @ can be mailed to: {address}") from None
    headers = {"Auto-Submitted": "auto-generated"}
    if message_id:
        headers["Message-ID"] = message_id
    envelope = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=formataddr((sender, _in_ascii(settings.CHRONIKER_EMAIL_HOST_USER))),
        to=[to],
        headers=headers,
    )
    envelope.attach_alternative(message.make_html(), "text/html")
    try:
        envelope.send()
    except SMTPRecipientsRefused as error:
        if all(code >= _NEVER for code, _words in error.recipients.values()):
            raise Hopeless(f"the mail server does not know {address}: {error}") from error
        raise


_NEVER = 500
"""Answers of mail servers from here on are final."""


def _usable(address: object) -> str:
    """An address as it can stand in a header; '' for anything else."""
    text = str(address or "").strip()
    return text if "@" in text and text.isprintable() and " " not in text else ""


def _in_ascii(address: str) -> str:
    """The address with its domain as servers know it, which have no letters but ASCII's."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.encode('idna').decode()}"


def _admins() -> list[str]:
    """The project's ADMINS: addresses, or pairs of a name and an address."""
    admins = getattr(django_settings, "ADMINS", ())
    return [parseaddr(one)[1] if isinstance(one, str) else str(one[1]) for one in admins]


def _message_id(notification: Notification, recipient: str) -> str:
    """The same for each attempt, so that who gets a message twice sees it once."""
    noted = f"{to_instant(notification.created):%Y%m%d%H%M%S%f}"
    digest = hashlib.sha256(recipient.encode()).hexdigest()[:12]
    domain = settings.CHRONIKER_EMAIL_HOST_USER.rpartition("@")[2]
    domain = domain if domain.isascii() and domain.isprintable() and domain else "localhost"
    return f"<chroniker.{notification.pk}.{noted}.{digest}@{domain.replace(' ', '')}>"
