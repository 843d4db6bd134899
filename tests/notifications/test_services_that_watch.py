"""From a run to the services outside that watch it, by the scheduler's own sender."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk

from chroniker import events
from chroniker.constants import Event
from chroniker.models import Delivery, Job, Notification
from tests.receiver import Receiver, receiving
from tests.running import due_job, run_due, run_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.process,
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def project_sentry(receiver: Receiver) -> Iterator[Receiver]:
    before = sentry_sdk.get_client()
    sentry_sdk.init(receiver.dsn, shutdown_timeout=0)
    yield receiver
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.get_global_scope().set_client(before)


def test_a_job_with_a_ping_url_pings_its_start_and_its_end_in_order(
    receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("hunter2-of-the-file")
    due_job(
        "fail",
        "--telling KEY",
        environment=f"KEY=@file:{tmp_path}/key",
        ping_url=f"{receiver.url}/abc",
    )
    due_job("succeed", name="without")

    run_due()

    assert receiver.paths == ["/abc/start", "/abc/1"]
    assert b"RuntimeError: ***" in receiver.requests[1].body


def test_a_run_that_is_skipped_or_cannot_be_claimed_pings_nothing(receiver: Receiver) -> None:
    job = due_job("succeed", ping_url=f"{receiver.url}/abc")
    Job.objects.filter(pk=job.pk).update(enabled=False)

    run_due()

    assert receiver.requests == []
    assert not Notification.objects.exists()


def test_a_run_in_the_callers_process_pings_as_well(receiver: Receiver) -> None:
    due_job("succeed", ping_url=f"{receiver.url}/abc").run()

    assert receiver.paths == ["/abc/start", "/abc"]


def test_a_service_that_is_down_delays_no_run_and_is_asked_again(receiver: Receiver) -> None:
    receiver.status = 500
    job = due_job("succeed", ping_url=f"{receiver.url}/abc")

    run_due()

    assert run_of(job).status == "succeeded"
    waiting = Delivery.objects.filter(channel="ping").values_list("status", "error")
    assert set(waiting) == {("pending", "RuntimeError: the service answered 500")}


def test_one_failure_reaches_sentry_once_whoever_knows_of_it(project_sentry: Receiver) -> None:
    due_job("fail", name="raises")
    due_job("exit_with", "3", name="leaves")
    raw = f"{sys.executable} -c raise(SystemExit(4))"
    due_job("", name="program", raw_command=raw)
    due_job("succeed", name="succeeds")
    handler = logging.NullHandler()  # what is logged about failures is no report of its own
    events.logger.addHandler(handler)

    run_due()

    events.logger.removeHandler(handler)
    told = sorted(event["tags"]["chroniker.job"] for event in project_sentry.items("event"))
    assert told == ["leaves", "program", "raises"]
    reported = Notification.objects.filter(job__name="raises").values_list("details", flat=True)
    assert [details["reported"] for details in reported] == [True]


def test_an_exception_that_sentry_did_not_get_is_told_by_the_watcher(
    project_sentry: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_sentry.status = 503
    job = due_job("fail")

    run_due()
    project_sentry.status = 200
    project_sentry.requests.clear()
    Delivery.objects.update(due_at=job.next_run)
    run_due()

    (event,) = project_sentry.items("event")
    assert event["event_id"] == run_of(job).token
    assert event["tags"]["chroniker.job"] == "fail"


def test_what_is_told_and_given_up_is_logged_as_an_event(receiver: Receiver) -> None:
    lines: list[dict[str, Any]] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(record.getMessage()))

    handler = Keeps()
    events.logger.addHandler(handler)
    try:
        due_job("succeed", ping_url=f"{receiver.url}/abc").run()
    finally:
        events.logger.removeHandler(handler)

    assert [(one["event"], one.get("about")) for one in lines] == [
        ("run_started", None),
        ("run_finished", None),
        ("notification_sent", Event.RUN_STARTED),
        ("notification_sent", Event.RUN_SUCCEEDED),
    ]
