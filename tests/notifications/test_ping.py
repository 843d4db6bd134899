"""An outside service hears of starts and ends, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chroniker.constants import Event
from chroniker.models import Delivery, Job, Log, Notification
from chroniker.models.delivery import Sending
from chroniker.moments import utc_now
from chroniker.notifications.channels import Hopeless, in_order, ping
from tests.receiver import HANGS, Receiver, receiving, unused_port
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("asks the database little"),
    pytest.mark.breaks_invariants("logs are made by hand"),
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def job(receiver: Receiver) -> Job:
    return due_job(ping_url=f"{receiver.url}/abc?x=1")


def noted(job: Job, event: Event, log: Log | None = None, **values: Any) -> Notification:
    """What was noted of a run of this job."""
    status = event.value.removeprefix("run_").replace("started", "running")
    values = {"status": status, "run_start_datetime": utc_now(), **values}
    log = log or Log.objects.create(job=job, **values)
    return Notification.objects.create(event=event, job=job, log=log)


def ping_of(notification: Notification) -> str:
    (recipient,) = ping.recipients(notification)
    return recipient


def send(notification: Notification) -> None:
    ping.send(notification, ping_of(notification))


# What is sent


@pytest.mark.parametrize(
    ("event", "values", "path"),
    [
        (Event.RUN_STARTED, {}, "/abc/start?x=1"),
        (Event.RUN_SUCCEEDED, {"exit_code": 0}, "/abc?x=1"),
        (Event.RUN_FAILED, {"exit_code": 3}, "/abc/3?x=1"),
        (Event.RUN_FAILED, {"exit_code": 0}, "/abc/fail?x=1"),
        (Event.RUN_FAILED, {"exit_code": -9}, "/abc/fail?x=1"),
        (Event.RUN_LOST, {}, "/abc/fail?x=1"),
        (Event.RUN_TIMED_OUT, {"exit_code": 143}, "/abc/fail?x=1"),
        (Event.RUN_STOPPED, {}, "/abc/fail?x=1"),
    ],
)
def test_each_start_and_end_has_its_address(
    event: Event, values: dict[str, Any], path: str, job: Job, receiver: Receiver
) -> None:
    send(noted(job, event, **values))

    assert [(request.method, request.path) for request in receiver.requests] == [("POST", path)]


def test_a_bad_end_comes_with_its_reason_and_the_last_words(job: Job, receiver: Receiver) -> None:
    out, err = "é" * 20_000, "line\n" * 10 + "the end"
    send(noted(job, Event.RUN_FAILED, reason="exited with status 1", stdout=out, stderr=err))
    send(noted(job, Event.RUN_SUCCEEDED, stdout="all is well"))

    failed, succeeded = receiver.requests
    assert failed.body.startswith(b"exited with status 1\n\n")
    assert failed.body.endswith(b"the end")
    assert 9_990 < len(failed.body) < 10_100
    assert failed.body.decode()
    assert succeeded.body == b""


def test_only_jobs_with_a_url_ping() -> None:
    silent = due_job()

    assert not ping.wants(silent, Event.RUN_FAILED)
    assert ping.recipients(noted(silent, Event.RUN_FAILED)) == ()


def test_other_events_than_starts_and_ends_are_not_pinged(job: Job) -> None:
    assert ping.recipients(noted(job, Event.RUN_MISSED)) == ()
    assert ping.recipients(noted(job, Event.TEST)) == ()


# What can go wrong


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_a_service_that_does_not_take_it_is_asked_again(
    status: int, job: Job, receiver: Receiver
) -> None:
    receiver.status = status

    with pytest.raises(RuntimeError, match=f"the service answered {status}"):
        send(noted(job, Event.RUN_SUCCEEDED))


def test_a_service_that_hangs_is_left_in_time(
    job: Job, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ping, "SECONDS", 0.2)
    receiver.status = HANGS

    with pytest.raises(RuntimeError, match="did not answer within"):
        send(noted(job, Event.RUN_SUCCEEDED))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_fault_never_tells_the_url(scheme: str) -> None:
    job = due_job(ping_url=f"{scheme}://127.0.0.1:{unused_port()}/very-secret")

    with pytest.raises(RuntimeError) as raised:
        send(noted(job, Event.RUN_SUCCEEDED))

    assert "could not be asked" in str(raised.value)
    assert "very-secret" not in str(raised.value)
    assert raised.value.__context__ is None


def test_a_redirect_is_followed_to_http_alone(job: Job, receiver: Receiver) -> None:
    receiver.status, receiver.location = 302, "file:///etc/passwd"
    with pytest.raises(RuntimeError, match="answered 302"):
        send(noted(job, Event.RUN_SUCCEEDED))

    with receiving() as target:
        receiver.location = f"{target.url}/moved"
        send(noted(job, Event.RUN_SUCCEEDED))
        assert target.paths == ["/moved"]


def test_a_secure_url_leads_to_no_other() -> None:
    from urllib.request import Request

    redirects = ping._Redirects()
    request = Request("https://example.com/abc", method="POST")

    for url, followed in (("http://example.com/", False), ("https://example.org/", True)):
        new = redirects.redirect_request(request, None, 302, "", {}, url)  # type: ignore[arg-type]
        assert (new is not None) == followed


def test_a_url_that_was_taken_away_is_pinged_no_more(job: Job, receiver: Receiver) -> None:
    notification = noted(job, Event.RUN_SUCCEEDED)
    recipient = ping_of(notification)
    Job.objects.filter(pk=job.pk).update(ping_url="")
    notification.refresh_from_db()

    with pytest.raises(Hopeless):
        ping.send(notification, recipient)
    assert receiver.requests == []


# In order


def delivery(notification: Notification, status: Sending) -> Delivery:
    return Delivery.objects.create(
        notification=notification,
        channel="ping",
        recipient=ping_of(notification),
        status=status,
    )


def test_a_start_that_could_not_be_sent_before_the_end_is_superseded(
    job: Job, receiver: Receiver
) -> None:
    start = noted(job, Event.RUN_STARTED)
    end = noted(job, Event.RUN_SUCCEEDED, log=start.log)
    delivery(start, Sending.PENDING)
    ended = delivery(end, Sending.SENDING)

    send(end)
    Delivery.objects.filter(pk=ended.pk).update(status=Sending.SENT)
    with pytest.raises(Hopeless, match="superseded"):
        send(start)

    assert receiver.paths == ["/abc?x=1"]


def test_an_end_waits_for_a_start_that_is_being_sent(job: Job, receiver: Receiver) -> None:
    start = noted(job, Event.RUN_STARTED)
    end = noted(job, Event.RUN_SUCCEEDED, log=start.log)
    delivery(start, Sending.SENDING)

    with pytest.raises(RuntimeError, match="being told"):
        send(end)
    assert receiver.requests == []


def test_other_jobs_and_other_hosts_of_a_job_have_an_order_of_their_own(job: Job) -> None:
    here = noted(job, Event.RUN_FAILED, slot="one")
    there = noted(job, Event.RUN_SUCCEEDED, slot="two")
    delivery(there, Sending.SENT)

    assert ping_of(here) == f"pings of job {job.pk} on one"
    in_order.keep_order(here, ping_of(here))
