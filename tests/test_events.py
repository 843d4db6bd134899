"""What happens can be read as lines of JSON, if somebody has asked for them."""

from __future__ import annotations

import json
import logging
import signal
import socket
from collections.abc import Iterator
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from chroniker import events
from chroniker.dispatch.leftovers import clear_up
from chroniker.dispatch.recovery import Recovery
from chroniker.models import Job, Log, Pause, claims
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import Manage, due_job, run_due, run_of, wait_until

pytestmark = pytest.mark.one_database("writes lines of what other tests have stored")


class Lines(logging.Handler):
    """Keeps the lines that are written."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))

    @property
    def values(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is written, as by a project whose LOGGING gives the logger a handler, and no level."""
    handler = Lines()
    events.logger.addHandler(handler)
    yield handler
    events.logger.removeHandler(handler)


def logging_to(path: Path) -> dict[str, Any]:
    """The setting that sends events to this file."""
    handler = {"class": "logging.handlers.WatchedFileHandler", "filename": str(path)}
    return {
        **{"version": 1, "handlers": {"events": handler}},
        "loggers": {"chroniker.events": {"handlers": ["events"], "propagate": False}},
    }


# One line


def test_a_line_is_valid_json_whatever_a_name_holds(lines: Lines) -> None:
    name = 'a "b"\n\x00\u2028\ud800 %s {} \\ é'

    events.write("run_started", job=name, job_id=1, host=None)

    (text,) = lines.texts
    assert "\n" not in text
    assert text.isascii()
    assert json.loads(text)["job"] == name
    assert "host" not in json.loads(text)


def test_every_line_says_what_when_and_how_grave(lines: Lines) -> None:
    events.write("run_finished", status="failed")
    events.write("run_finished", status="succeeded")

    failed, succeeded = lines.values
    assert (failed["event"], failed["level"], succeeded["level"]) == (
        *("run_finished", "ERROR", "INFO"),
    )
    assert failed["time"].endswith("Z")


def test_nothing_is_written_unless_somebody_has_asked(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):  # of the root
        events.write("run_finished", status="failed")

    assert not events.is_on(logging.CRITICAL)
    assert caplog.records == []


def test_a_level_of_its_own_holds(lines: Lines) -> None:
    events.logger.setLevel(logging.ERROR)
    try:
        events.write("run_started")
        events.write("run_finished", status="lost")
    finally:
        events.logger.setLevel(logging.NOTSET)

    assert [line["status"] for line in lines.values] == ["lost"]


def test_a_handler_that_fails_is_nobodys_trouble() -> None:
    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("no space left")

    handler = Failing()
    events.logger.addHandler(handler)
    try:
        events.write("run_started")
    finally:
        events.logger.removeHandler(handler)


# What is written


@pytest.mark.django_db(transaction=True)
@pytest.mark.process
def test_a_run_is_told_from_start_to_end(lines: Lines) -> None:
    job = due_job("fail", name="nightly")

    run_due()

    log = run_of(job)
    started, finished = lines.values
    assert (started["event"], started["status"]) == ("run_started", "running")
    assert finished["lateness_seconds"] >= 60
    assert {name: finished[name] for name in ("event", "job", "job_id", "run_id", "status")} == {
        **{"event": "run_finished", "job": "nightly", "job_id": job.pk, "run_id": log.pk},
        "status": "failed",
    }
    assert (finished["exit_code"], finished["trigger"]) == (1, "schedule")
    assert finished["reason"] == "exited with status 1"
    assert finished["host"] == log.hostname
    assert finished["duration_seconds"] == (log.duration_ms or 0) / 1000
    assert finished["scheduled_for"] < finished["started"] <= finished["ended"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.process
def test_a_project_sends_them_to_a_file_by_its_logging_alone(
    manage: Manage, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    manage.set(LOGGING=logging_to(path))
    due_job("succeed")

    cron = manage("cron")

    written = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["event"] for line in written] == ["run_started", "run_finished"]
    assert "run_started" not in cron.stdout + cron.stderr


def test_syslog_gets_them_with_their_levels() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog:
        syslog.bind(("127.0.0.1", 0))
        syslog.settimeout(30)
        handler = SysLogHandler(syslog.getsockname(), facility=SysLogHandler.LOG_CRON)
        events.logger.addHandler(handler)
        try:
            events.write("run_finished", status="failed", job="nightly")
        finally:
            events.logger.removeHandler(handler)
            handler.close()
        message = syslog.recv(4096)

    assert message.startswith(b"<75>")  # cron.err
    assert json.loads(message[4:].rstrip(b"\0"))["job"] == "nightly"


@pytest.mark.django_db
@pytest.mark.breaks_invariants("a run is made by hand")
@pytest.mark.parametrize("way", ["given up", "of 1.x"])
def test_a_run_that_nobody_watched_is_told_as_well(
    way: str, lines: Lines, transactional_db: None
) -> None:
    job, now = due_job(name="nightly"), database_now("default")
    if way == "given up":
        Log.objects.create(job=job, status="running", token="t", run_start_datetime=to_stored(now))
        clear_up("default", now)
    else:
        Job.objects.filter(pk=job.pk).update(is_running=True)
        Recovery("default").recover(now)

    assert [(one["event"], one["job"], one["status"]) for one in lines.values] == [
        ("run_finished", "nightly", "lost")
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.process
def test_the_end_of_a_run_whose_scheduler_died_is_told_by_its_own_process(
    manage: Manage, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    manage.set(LOGGING=logging_to(path))
    job = due_job("sleep_for", "2")
    cron = manage.start("cron")
    wait_until(lambda: path.exists() and "run_started" in path.read_text())

    cron.send_signal(signal.SIGKILL)
    wait_until(lambda: run_of(job).status == "succeeded")

    ended = wait_until(lambda: path.read_text().splitlines()[1:])
    assert [json.loads(line)["event"] for line in ended] == ["run_finished"]


@pytest.mark.django_db
def test_pauses_are_told(lines: Lines, django_capture_on_commit_callbacks: Any) -> None:
    pause = Pause(reason="deployment", job=due_job(name="nightly"))
    with django_capture_on_commit_callbacks(execute=True):
        pause.begin("ann")
        Pause.objects.end(database_now("default"))

    assert [(one["event"], one["job"], one["created_by"]) for one in lines.values] == [
        ("scheduler_paused", "nightly", "ann"),
        ("scheduler_resumed", "nightly", "ann"),
    ]


@pytest.mark.django_db
@pytest.mark.breaks_invariants("a run is claimed by hand")
def test_who_asked_for_what_is_told(
    lines: Lines, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(User.objects.create_superuser("ann", is_staff=True))
    job = due_job(name="nightly")
    page = reverse("admin:chroniker_job_change", args=(job.pk,)).removesuffix("change/")
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{page}run/")
        Job.objects.filter(pk=job.pk).update(is_running=True, claim_token="t", fence=1)
        client.post(f"{page}stop/", {"fence": "1"})
        claims.request_stop("default", [job.pk], "its next occurrence")

    asked = [(one["event"], one["job_id"], one["job"], one["by"]) for one in lines.values]
    assert asked == [
        ("run_requested", job.pk, "nightly", "ann"),
        ("stop_requested", job.pk, "nightly", "ann"),
        ("stop_requested", job.pk, "nightly", "its next occurrence"),
    ]
