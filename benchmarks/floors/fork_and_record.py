"""The floor of a batch: per job a fork of a warm process, the command, and three statements.

``fork_and_record.py COUNT``: two at a time, each with a connection of its own.
"""

import os
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up first
from django.db import connections  # noqa: E402

from chroniker.models import Job, Log  # noqa: E402

AT_ONCE = 2


def main(count: int) -> None:
    """Run that many, and wait for them."""
    keys = list(Job.objects.values_list("pk", flat=True)[:count])
    connections.close_all()
    running = 0
    for key in keys:
        if running == AT_ONCE:
            os.wait()
            running -= 1
        if os.fork() == 0:
            run(key)
            os._exit(0)
        running += 1
    for _ in range(running):
        os.wait()


def run(key: int) -> None:
    """Claim, run, log and finish a job, without any of the guards."""
    Job.objects.filter(pk=key).update(fence=1)
    call_command("do_nothing")
    Log.objects.create(job_id=key, success=True)
    Job.objects.filter(pk=key).update(fence=2)
    connections.close_all()


main(int(sys.argv[1]))
