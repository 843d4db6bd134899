"""Opens the list of logs in all the ways it is offered, and tells how long each took."""

import json
import time
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chroniker.constants import Status, Trigger
from chroniker.models import Job, Log

_TIMES = 3


class Command(BaseCommand):
    """Prints a line of JSON for each way: what it is, seconds, queries."""

    help = "Open the list of logs with each filter, in each order, and at its ends."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        """Open them all, each several times; the fastest counts."""
        client = Client(SERVER_NAME="localhost")
        client.force_login(User.objects.create_superuser("reader"))
        for what, query in _ways().items():
            seconds, queries = min(_open(client, query) for _time in range(_TIMES))
            self.stdout.write(json.dumps([what, seconds, queries]))


def _ways() -> dict[str, dict[str, str]]:
    job, other = Job.objects.order_by("pk").values_list("pk", flat=True)[:2]
    oldest = Log.objects.order_by("run_start_datetime").values_list("run_start_datetime", flat=True)
    old, day = oldest[600].isoformat(), timedelta(days=1)
    return {
        "first page": {},
        "last page": {"p": "100"},
        "the oldest": {"run_start_datetime__lt": old},
        **{f"status {status}": {"status__exact": status} for status in Status.values},
        **{f"trigger {trigger}": {"trigger__exact": trigger} for trigger in Trigger.values},
        "of one day": {
            "run_start_datetime__gte": old,
            "run_start_datetime__lt": (oldest[600] + day).isoformat(),
        },
        "one job": {"job__id__exact": str(job)},
        "one job, lost": {"job__id__exact": str(other), "status__exact": "lost"},
        "search": {"q": "job"},
        "search for one": {"q": "job 77"},
        "search for none": {"q": "nothing"},
        **{
            f"sorted by {name}, {direction}": {"o": f"{sign}{column}"}
            for column, name in ((3, "start"), (4, "duration"))
            for sign, direction in (("", "ascending"), ("-", "descending"))
        },
    }


def _open(client: Client, query: dict[str, str]) -> tuple[float, int]:
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        response = client.get(reverse("admin:chroniker_log_changelist"), query)
        seconds = time.perf_counter() - began
    if response.status_code != 200:  # noqa: PLR2004 - what a page is answered with
        raise RuntimeError(f"{query}: {response.status_code}")
    return seconds, len(queries)
