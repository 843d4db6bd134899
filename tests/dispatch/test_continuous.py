"""What a server that looks each second does with a job that is due and has to wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chroniker.dispatch.supervisor import RECOVERY_SECONDS, Supervisor
from chroniker.dispatch.tick import tick
from chroniker.host import uptime
from chroniker.models import Job, JobDependency, JobHost, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import due_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


class Server:
    """A server that looks when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passes = 0
        self._supervisor = Supervisor("default", sync=True)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.passes += 1
            return tick(*args, **kwargs)

        monkeypatch.setattr("chroniker.dispatch.supervisor.tick", counted)

    def looks(self, times: int = 1) -> int:
        """Look so many times; returns how many passes that made."""
        before = self.passes
        for _ in range(times):
            self._supervisor._tick_when_due()
        return self.passes - before


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def waiting_job(**dependee: Any) -> Job:
    """A due job that waits for another, which has run for this time, but without success."""
    tomorrow = to_stored(database_now("default") + timedelta(days=1))
    first = due_job("fail", name="first", next_run=tomorrow, **dependee)
    second = due_job(name="second")
    JobDependency.objects.create(dependent=second, dependee=first)
    return second


def test_a_due_job_that_waits_makes_one_pass_and_no_more(server: Server) -> None:
    waiting_job()

    assert server.looks() == 1
    assert server.looks(5) == 0
    assert Log.objects.count() == 0


def test_a_job_for_all_hosts_that_is_running_here_makes_no_further_pass(server: Server) -> None:
    job = due_job(hostname="*")
    server.looks()
    job.refresh_from_db()
    JobHost.objects.update(is_running=True)
    Job.objects.update(next_run=to_stored(database_now("default")))

    assert server.looks() == 1
    assert server.looks(5) == 0
    JobHost.objects.update(is_running=False)
    assert server.looks() == 1


def dependee_runs() -> None:
    job = Job.objects.get(name="first")
    job.command = "succeed"
    job.save()
    assert job.run(force_run=True)


def dependency_is_deleted() -> None:
    JobDependency.objects.all().delete()


def success_is_not_wanted_any_more() -> None:
    JobDependency.objects.update(wait_for_success=False)


def job_is_replaced_by_one_that_need_not_wait() -> None:
    Job.objects.get(name="second").delete()
    due_job(name="third")


@pytest.mark.parametrize(
    "change",
    [
        dependee_runs,
        dependency_is_deleted,
        success_is_not_wanted_any_more,
        job_is_replaced_by_one_that_need_not_wait,
    ],
)
def test_what_lets_it_start_is_seen_at_the_next_look(
    server: Server, change: Callable[[], None]
) -> None:
    waiting_job()
    server.looks(2)

    change()
    server.looks()

    assert Log.objects.exclude(job__name="first").get().status == "succeeded"


def test_a_pass_that_failed_is_made_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    due_job()

    def failing(*_: Any, **__: Any) -> Any:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("chroniker.dispatch.supervisor.tick", failing)
        server.looks()
    assert Log.objects.count() == 0

    server.looks()

    assert Log.objects.get().status == "succeeded"


def test_what_no_look_can_see_is_found_soon_after(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting_job()
    server.looks(2)
    Job.objects.filter(name="first").update(last_run_successful=True)  # past us, by hand

    assert server.looks() == 0
    later = uptime() + RECOVERY_SECONDS
    monkeypatch.setattr("chroniker.dispatch.supervisor.uptime", lambda: later)
    server.looks()

    assert Log.objects.get().status == "succeeded"
