"""What the project's Sentry hears of runs from their watchers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.core.management import call_command
from pytest_django import Settings

from chroniker import sentry
from chroniker.constants import Event
from chroniker.models import Job, Log, Notification
from chroniker.moments import utc_now
from chroniker.notifications.channels import sentry as channel
from chroniker.notifications.sentry_monitors import config_of, slug_of
from tests.receiver import HANGS, Receiver, receiving
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("asks the database little"),
    pytest.mark.breaks_invariants("logs are made by hand"),
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The project's Sentry, initialised in this process."""
    before = sentry_sdk.get_client()
    with receiving() as one:
        sentry_sdk.init(one.dsn, shutdown_timeout=0)
        yield one
        sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.get_global_scope().set_client(before)


def noted(job: Job, event: Event, details: Any = None, **values: Any) -> Notification:
    status = event.value.removeprefix("run_").replace("started", "running")
    values = {"status": status, "token": "a" * 32, "run_start_datetime": utc_now(), **values}
    log = Log.objects.create(job=job, **values)
    return Notification.objects.create(event=event, job=job, log=log, details=details or {})


def send_all(notification: Notification) -> list[str]:
    recipients = list(channel.recipients(notification))
    for recipient in recipients:
        channel.send(notification, recipient)
    return recipients


def test_a_bad_end_is_told_with_its_run(receiver: Receiver) -> None:
    job = due_job("", name="backup", raw_command="backup --all")
    notification = noted(
        job,
        Event.RUN_FAILED,
        reason="exited with status 3",
        exit_code=3,
        arguments="backup --all",
        stderr="x" * 9000 + "no such host",
    )

    assert send_all(notification) == ["events"]

    (event,) = receiver.items("event")
    assert event["message"] == "backup failed: exited with status 3"
    assert event["event_id"] == "a" * 32
    assert event["tags"]["chroniker.job"] == "backup"
    assert event["contexts"]["chroniker"]["arguments"] == "backup --all"
    assert event["contexts"]["chroniker"]["exit_code"] == 3
    assert event["extra"]["stderr"].endswith("no such host")
    assert len(event["extra"]["stderr"]) < 5000


def test_what_the_runs_own_process_has_reported_is_not_told_again(receiver: Receiver) -> None:
    notification = noted(due_job(), Event.RUN_FAILED, details={"reported": True})

    assert send_all(notification) == []


@pytest.mark.parametrize("event", [Event.RUN_SUCCEEDED, Event.RUN_STOPPED, Event.RUN_STARTED])
def test_what_went_as_wished_is_no_event(event: Event, receiver: Receiver) -> None:
    job = due_job()

    assert not channel.wants(job, event)
    assert send_all(noted(job, event)) == []


def test_without_a_sentry_nothing_is_wanted() -> None:
    assert not sentry.is_active()
    assert not channel.wants(due_job(), Event.RUN_FAILED)


def test_a_sample_is_sent(receiver: Receiver) -> None:
    assert send_all(Notification(event=Event.TEST, created=utc_now())) == ["events"]
    assert [event["level"] for event in receiver.items("event")] == ["info"]


@pytest.mark.parametrize(("answer", "status"), [(200, 0), (500, 1)])
def test_a_sample_that_is_asked_for_on_the_command_line_says_whether_it_was_taken(
    answer: int, status: int, receiver: Receiver, settings: Settings
) -> None:
    settings.ADMINS = []
    receiver.status = answer

    ended = 0
    try:
        call_command("cron_status", "--test-notifications", stdout=io.StringIO())
    except SystemExit as end:
        ended = int(end.code or 0)

    assert ended == status
    assert [event["level"] for event in receiver.items("event")] == ["info"]


@pytest.mark.parametrize("status", [HANGS, 500])
def test_a_sentry_that_does_not_take_it_is_told_later(
    status: int, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentry, "SENDER_SECONDS", 0.3)
    receiver.status = status

    with pytest.raises(OSError, match="did not take it"):
        send_all(noted(due_job(), Event.RUN_LOST))


# Check-ins


def test_check_ins_belong_together_and_say_when_the_job_runs(
    receiver: Receiver, settings: Settings
) -> None:
    settings.CHRONIKER_SENTRY_CHECKINS = True
    job = due_job(
        name="Nightly Büro", frequency="CRON", cron_expression="0 2 * * *", timeout_seconds=90
    )
    end = noted(job, Event.RUN_FAILED, details={"reported": True}, duration_ms=1500)
    start = Notification.objects.create(event=Event.RUN_STARTED, job=job, log=end.log)

    send_all(start)
    send_all(end)

    begun, ended = receiver.items("check_in")
    assert (begun["status"], ended["status"]) == ("in_progress", "error")
    assert begun["check_in_id"] == ended["check_in_id"] == "a" * 32
    assert begun["monitor_slug"] == f"nightly-buro-{job.pk}"
    assert ended["duration"] == 1.5
    assert begun["monitor_config"] == {
        "schedule": {"type": "crontab", "value": "0 2 * * *"},
        "timezone": "UTC",
        "max_runtime": 2,
    }


@pytest.mark.parametrize(
    ("event", "status"),
    [(Event.RUN_SUCCEEDED, "ok"), (Event.RUN_STOPPED, "error"), (Event.RUN_LOST, "error")],
)
def test_each_end_has_its_status(
    event: Event, status: str, receiver: Receiver, settings: Settings
) -> None:
    settings.CHRONIKER_SENTRY_CHECKINS = True

    send_all(noted(due_job(), event))

    assert [check["status"] for check in receiver.items("check_in")] == [status]


def test_a_job_without_times_of_its_own_has_no_monitor(
    receiver: Receiver, settings: Settings
) -> None:
    settings.CHRONIKER_SENTRY_CHECKINS = True

    assert not channel.wants(due_job(frequency="MANUAL"), Event.RUN_STARTED)


@pytest.mark.parametrize(
    ("values", "schedule"),
    [
        ({"frequency": "HOURLY", "params": "interval:6"}, ("interval", 6, "hour")),
        ({"frequency": "DAILY"}, ("interval", 1, "day")),
        ({"frequency": "DAILY", "params": "byhour:9"}, None),
        ({"frequency": "SECONDLY"}, None),
        ({"frequency": "CRON", "cron_expression": "*/5  1-3 * * *"}, ("crontab", "*/5 1-3 * * *")),
        ({"frequency": "CRON", "cron_expression": "0 0 L * *"}, None),
    ],
    ids=repr,
)
def test_a_schedule_is_told_where_sentry_has_words_for_it(
    values: dict[str, Any], schedule: tuple[Any, ...] | None
) -> None:
    config = config_of(Job(**values))

    assert (config and tuple(config["schedule"].values())) == schedule


def test_a_monitor_has_a_name_that_sentry_takes() -> None:
    assert slug_of(Job(pk=7, name="日本"), "") == "job-7"
    assert slug_of(Job(pk=7, name="x" * 200), "host.example.com") == f"{'x' * 30}-7-hostexamplecom"
