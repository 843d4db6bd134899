"""A sample through every channel that is configured, at once and without the outbox."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from django.utils.translation import gettext as _

from chroniker.constants import Event
from chroniker.models import Job, Notification
from chroniker.notifications.channels import TIMEOUT_SECONDS, Channel, Hopeless, channels


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a sample; ``error`` is '' if it was taken."""

    channel: str
    recipient: str
    error: str = ""

    @property
    def is_sent(self) -> bool:
        """Whether the receiver took it."""
        return not self.error


def send_samples(database: str) -> list[Result]:
    """Send one to each receiver of the site, and to each that some job names for itself.

    Nobody's subscribers are mailed, but the project's ADMINS. Never raises for a receiver's fault.
    """
    details = {"reason": _("This is a test. Who gets it hears of what becomes of jobs.")}
    found: dict[tuple[str, str], Notification] = {}
    results: list[Result] = []
    jobs = Job.objects.using(database).exclude(notify_urls="")
    samples = [Notification(event=Event.TEST, details=details)]
    samples += [Notification(event=Event.TEST, details=details, job=job) for job in jobs]
    for name, channel in channels().items():
        for sample in samples:
            if sample.job_id is not None and channel.has_one_receiver:
                continue  # people have been told as much by the sample of the site
            for recipient in channel.recipients(sample):
                if (name, recipient) not in found:
                    found[name, recipient] = sample
                    results.append(_result(name, channel, sample, recipient))
    return results


def _result(name: str, channel: Channel, sample: Notification, recipient: str) -> Result:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_SECONDS)
    try:
        channel.send(sample, recipient)
    except Exception as error:  # noqa: BLE001 - receivers' faults are what is asked for
        words = str(error) if isinstance(error, Hopeless) else f"{type(error).__name__}: {error}"
        return Result(channel=name, recipient=recipient, error=words or "failed")
    finally:
        socket.setdefaulttimeout(before)
    return Result(channel=name, recipient=recipient)
