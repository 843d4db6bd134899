"""The sender's process from its first to its last line; the target of ``multiprocessing.Process``.

Imports little: with ``spawn`` and ``forkserver`` it is loaded before Django is set up.
"""

from __future__ import annotations

import os
import signal


def main(database: str) -> None:
    """Send what is due, and exit."""
    from django.apps import apps

    if not apps.ready:
        import django

        django.setup()
    from django.db import connections

    from chroniker.notifications import sender
    from chroniker.runs import confirmation, own_descriptors

    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    # Ctrl-C is for the scheduler; the message about what it stopped is still sent.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    own_descriptors.close_all()
    confirmation.close_all()
    # Ends this process, not the mail server's silence: `cron` waits for us before it exits.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(sender.SECONDS)
    sender.send_due(database)
    connections.close_all()
    # Threads may still hang on receivers, and would keep this process.
    os._exit(0)
