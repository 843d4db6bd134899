"""The project of a round: its settings, its hosts, its jobs and its schedulers."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.chaos import apps, evidence
from tests.chaos.databases import Database
from tests.chaos.nursery import Child, Nursery

ROOT = Path(__file__).resolve().parent.parent.parent

CLAIMED = ("chroniker_job", "chroniker_jobhost")
"""The tables whose rows runs claim."""

LEASE_SECONDS = 6.0
RENEW_SECONDS = 0.5
KILL_GRACE_SECONDS = 1.0

RECOVERED_ELSEWHERE_SECONDS = (
    LEASE_SECONDS + apps.TAKEOVER_GRACE_SECONDS + LEASE_SECONDS + KILL_GRACE_SECONDS
)
"""After so long, another host knows that a run is lost."""


class World:
    """Everything of a round but its faults."""

    def __init__(self, database: Database, folder: Path, hosts: list[str]) -> None:
        self.database = database
        self.folder = folder
        self.hosts = hosts
        self.evidence = folder / "evidence"
        self.clock = folder / "clock"
        logs = folder / "logs"
        for made in (self.evidence, logs):
            made.mkdir()
        self.clock.write_text("0")
        self.ledger = evidence.Ledger(self.evidence)
        self.nursery = Nursery(logs)
        self.schedulers = 0

    def begin(self) -> None:
        """Set Django up in this process, and make the tables in another."""
        os.environ |= {
            **self.database.environment(),
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "PYTHONPATH": str(ROOT),
            "CHRONIKER_TEST_VAR": str(self.folder),
            "CHRONIKER_TEST_SETTINGS": json.dumps(self._settings()),
            evidence.FOLDER: str(self.evidence),
            apps.CLOCK: str(self.clock),
        }
        self.nursery.spared = self.database.pids
        import django

        django.setup()
        # Loaded once, before the first fork.
        import chroniker.dispatch.supervisor
        import chroniker.executors.local  # noqa: F401

        self.nursery.run("migrate", _migrate)

    def _settings(self) -> dict[str, Any]:
        return {
            "CHRONIKER_LOCK_TIMEOUT": LEASE_SECONDS,
            "CHRONIKER_RENEW_SECONDS": RENEW_SECONDS,
            "CHRONIKER_KILL_GRACE_SECONDS": KILL_GRACE_SECONDS,
            "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
            **self.settings_of(self.hosts[0]),
        }

    def settings_of(self, host: str) -> dict[str, str]:
        """What differs from host to host. Each has a disk of its own."""
        return {
            "CHRONIKER_HOSTNAME": host,
            "CHRONIKER_SPOOL_DIR": str(self.folder / f"spool-{host}"),
        }

    def make_jobs(self, jobs: list[dict[str, Any]]) -> None:
        """Make these the only jobs."""
        self.nursery.run("make jobs", lambda: _make_jobs(jobs))

    def tick(self, host: str) -> Child:
        """Start ``cron`` on a host, as a fork of this process."""
        self.schedulers += 1
        settings = self.settings_of(host)
        return self.nursery.start("cron", lambda: _command(host, settings, "cron"), host=host)

    def start_program(self, host: str, *words: str) -> Child:
        """Start a command of ``manage.py`` on a host, as a program of its own."""
        self.schedulers += 1
        settings = json.loads(os.environ["CHRONIKER_TEST_SETTINGS"]) | self.settings_of(host)

        def become() -> int:
            os.environ[evidence.HOST] = host
            os.environ["CHRONIKER_TEST_SETTINGS"] = json.dumps(settings)
            manage = str(ROOT / "test_project" / "manage.py")
            os.execv(sys.executable, [sys.executable, manage, *words])  # noqa: S606

        return self.nursery.start(words[0], become, host=host)

    def shift_clock(self, seconds: float) -> None:
        """Set the database's clock ahead of the true time by so much."""
        draft = self.clock.with_suffix(".draft")
        draft.write_text(str(seconds))
        draft.rename(self.clock)


def _command(host: str, settings: dict[str, str], *words: str) -> int:
    from django.conf import settings as project
    from django.core.management import CommandError, call_command

    os.environ[evidence.HOST] = host
    for name, value in settings.items():
        setattr(project, name, value)
    try:
        call_command(*words)
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return error.returncode
    return 0


def _migrate() -> int:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return 0


def _make_jobs(jobs: list[dict[str, Any]]) -> int:
    from chroniker.models import Job, Log

    Log.objects.all().delete()
    Job.objects.all().delete()
    for values in jobs:
        Job.objects.create(**values)
    return 0
