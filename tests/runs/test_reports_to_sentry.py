"""What a command raises reaches the project's Sentry, from the run's own process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sentry_sdk

from chroniker import sentry
from tests.receiver import HANGS, Receiver, receiving, unused_port
from tests.running import Manage, due_job, run_due, run_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.process,
    pytest.mark.one_database("asks the database nothing"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def initialised(receiver: Receiver) -> Iterator[Receiver]:
    """The project's own Sentry in this process, which has used it before the run is forked."""
    before = sentry_sdk.get_client()
    sentry_sdk.init(receiver.dsn, shutdown_timeout=0)
    sentry_sdk.capture_message("before the fork")
    sentry_sdk.flush(5)
    receiver.requests.clear()
    yield receiver
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.get_global_scope().set_client(before)


def test_an_exception_is_reported_with_its_run(initialised: Receiver) -> None:
    job = due_job("fail", name="nightly & Söhne")

    run_due()

    log = run_of(job)
    (event,) = initialised.items("event")
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["tags"]["chroniker.job"] == "nightly & Söhne"
    assert event["tags"]["chroniker.run_id"] == str(log.pk)
    assert event["contexts"]["chroniker"]["scheduled_for"]
    assert event["contexts"]["chroniker"]["arguments"] == "fail"
    assert log.status == "failed"


def test_a_polite_error_is_reported_and_a_status_is_no_exception(initialised: Receiver) -> None:
    due_job("fail", "--politely", name="one")
    due_job("exit_with", "3", name="two")

    run_due()

    (event,) = [event for event in initialised.items("event") if "exception" in event]
    assert event["exception"]["values"][-1]["type"] == "CommandError"
    assert event["tags"]["chroniker.job"] == "one"


def test_an_exception_that_the_command_has_reported_itself_is_not_reported_again(
    initialised: Receiver,
) -> None:
    due_job("fail", "--reporting")

    run_due()

    assert len(initialised.items("event")) == 1


def test_secrets_are_hidden_in_all_that_is_reported(initialised: Receiver, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hunter2-of-the-file")
    due_job("fail", "--telling KEY", environment=f"KEY=@file:{tmp_path}/key")

    run_due()

    (event,) = initialised.items("event")
    assert event["exception"]["values"][-1]["value"] == "***"
    assert "hunter2" not in str(event)


def test_what_the_command_reports_itself_is_sent_before_its_process_ends(
    initialised: Receiver,
) -> None:
    job = due_job("report_to_sentry")

    run_due()

    (event,) = initialised.items("event")
    assert event["message"] == "from the job"
    assert event["tags"]["chroniker.run_id"] == str(run_of(job).pk)


@pytest.mark.parametrize("status", [HANGS, 500, 429])
def test_a_sentry_that_does_not_answer_changes_no_run(
    status: int, initialised: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentry, "SECONDS", 0.3)
    initialised.status = status
    good, bad = due_job("report_to_sentry", name="good"), due_job("fail", name="bad")

    run_due()

    assert (run_of(good).status, run_of(good).stderr) == ("succeeded", "")
    assert (run_of(bad).status, run_of(bad).exit_code) == ("failed", 1)
    assert "Sentry" not in run_of(bad).stderr


def test_a_process_that_is_not_forked_reports_as_well(
    receiver: Receiver, manage: Manage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONIKER_TEST_SENTRY_DSN", receiver.dsn)
    manage.set(CHRONIKER_START_METHOD="spawn")
    due_job("fail")

    manage("cron")

    assert [event["tags"]["chroniker.job"] for event in receiver.items("event")] == ["fail"]


def test_a_spawned_process_does_not_wait_for_a_sentry_that_is_gone(
    manage: Manage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONIKER_TEST_SENTRY_DSN", f"http://public@127.0.0.1:{unused_port()}/1")
    manage.set(CHRONIKER_START_METHOD="spawn")
    job = due_job("report_to_sentry")

    manage("cron")

    assert (run_of(job).status, run_of(job).stderr) == ("succeeded", "")


def test_a_run_in_the_callers_process_leaves_the_projects_client_as_it_is(
    initialised: Receiver,
) -> None:
    client = sentry_sdk.get_client()
    job = due_job("fail")

    job.run()
    sentry_sdk.capture_message("of the caller")
    sentry_sdk.flush(5)

    failed, own = initialised.items("event")
    assert failed["tags"]["chroniker.job"] == "fail"
    assert "chroniker.job" not in own.get("tags", {})
    assert sentry_sdk.get_client() is client
