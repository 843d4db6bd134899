"""Asks for health, metrics and the line for Nagios, and tells how long each took."""

import io
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from chroniker.models import Host, Job, Log

_TIMES = 5
_TOKEN = "a-token-that-nobody-guesses"  # noqa: S105
_IN_TROUBLE = 50


class Command(BaseCommand):
    """Prints a line of JSON for each: what it is, seconds, queries."""

    help = "Ask for health, metrics and the line for Nagios."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        """Ask several times; the fastest counts."""
        now = timezone.now()
        Host.objects.create(hostname="bench", last_tick=now)
        with override_settings(CHRONIKER_HEALTH_TOKEN=_TOKEN, ALLOWED_HOSTS=["*"]):
            self._tell("health, all well", lambda: _get("health"))
            keys = list(Job.objects.order_by("pk").values_list("pk", flat=True))
            late, failing = keys[:_IN_TROUBLE], keys[_IN_TROUBLE : 2 * _IN_TROUBLE]
            past = now - timedelta(hours=1)
            Job.objects.filter(pk__in=late).update(next_run=past, next_occurrence=past)
            Job.objects.filter(pk__in=failing).update(
                last_run_successful=False, last_success=F("last_run")
            )
            Log.objects.filter(job__in=failing, run_start_datetime__gt=past).update(success=False)
            self._tell("health", lambda: _get("health"))
            self._tell("metrics", lambda: _get("metrics"))
            self._tell("cron_status --nagios", _nagios)

    def _tell(self, what: str, ask: Callable[[], None]) -> None:
        seconds, queries = min(_measured(ask) for _time in range(_TIMES))
        self.stdout.write(json.dumps([what, seconds, queries]))


def _measured(ask: Callable[[], None]) -> tuple[float, int]:
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        ask()
        seconds = time.perf_counter() - began
    return seconds, len(queries)


def _get(name: str) -> None:
    response = Client().get(f"/machines/{name}/", headers={"Authorization": f"Bearer {_TOKEN}"})
    if response.status_code not in {200, 503}:
        raise RuntimeError(f"{name}: {response.status_code}")


def _nagios() -> None:
    try:
        call_command("cron_status", "--nagios", stdout=io.StringIO())
    except SystemExit:
        return
