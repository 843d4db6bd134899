"""Where reads go to a replica, jobs are claimed and recorded on the primary."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from chroniker.models import Job, Log
from tests.running import Manage, due_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


@pytest.fixture
def replica(manage: Manage, tmp_path: Path) -> Path:
    """A job's row on both databases; processes read from this one, a copy."""
    if connection.vendor != "sqlite":
        pytest.skip("only a file is so easily replicated")
    due_job()
    copy, name = tmp_path / "replica.sqlite3", str(connection.settings_dict["NAME"])
    with closing(sqlite3.connect(name)) as primary, closing(sqlite3.connect(copy)) as other:
        primary.backup(other)
    engine = connection.settings_dict["ENGINE"]
    options = {"ENGINE": engine, "OPTIONS": connection.settings_dict["OPTIONS"]}
    databases = {"default": {**options, "NAME": name}, "replica": {**options, "NAME": str(copy)}}
    manage.set(DATABASES=databases, DATABASE_ROUTERS=["tests.primary_and_replica.Router"])
    return copy


def rows_of(file: Path) -> tuple[int, int]:
    """How many logs there are, and how often the job was claimed."""
    with closing(sqlite3.connect(file)) as database:
        (logs,) = database.execute("SELECT count(*) FROM chroniker_log").fetchone()
        (fence,) = database.execute("SELECT fence FROM chroniker_job").fetchone()
    return logs, fence


@pytest.mark.parametrize(
    "words",
    [
        ("cron",),
        ("run_job", "{job}"),
        ("shell", "-c", "from chroniker.models import Job; Job.objects.get().run(force_run=True)"),
    ],
    ids=["cron", "run_job", "Job.run()"],
)
def test_a_run_is_on_the_primary_only(manage: Manage, replica: Path, words: list[str]) -> None:
    done = manage(*(word.format(job=Job.objects.get().pk) for word in words))

    assert done.returncode == 0, done.stderr
    log = Log.objects.get()
    assert log.status == "succeeded"
    assert Job.objects.get().is_running is False
    assert rows_of(replica) == (0, 0)
