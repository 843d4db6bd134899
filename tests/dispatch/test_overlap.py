"""A job that is due while it runs, and jobs that must not run together."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from chroniker.constants import Status, Trigger
from chroniker.dispatch.claim import claim
from chroniker.models import Job, Log, Pause
from chroniker.moments import to_stored
from tests.ticking import Ticking, at, new_job, next_run, rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def host() -> Ticking:
    return Ticking()


# Row: Duplicate strategy: skip
def test_what_comes_while_a_job_runs_is_skipped_with_one_row(host: Ticking) -> None:
    job = new_job(frequency="HOURLY")

    host.tick(0)
    assert host.tick(60) == []
    host.end("job", 150)

    assert rows(job) == [("succeeded", 0, 1, 1), ("skipped", 60, 0, 2)]
    assert next_run(job) == 180


class TestRestart:
    # Row: Duplicate strategy: restart
    def test_the_run_is_ended_and_then_the_new_one_starts(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", overlap_policy="restart")

        host.tick(0)
        host.tick(59)
        assert not Job.objects.get().force_stop
        assert host.tick(60) == []  # never both
        running = Job.objects.get()
        assert (running.force_stop, running.stopped_by) == (True, "its next occurrence")
        host.end("job", 60.5, Status.STOPPED)

        assert host.tick(60.5) == ["job"]
        host.end("job", 70)
        assert rows(job) == [("stopped", 0, 1, 1), ("succeeded", 60, 1, 1)]
        assert next_run(job) == 120

    def test_the_new_run_makes_up_for_all_that_came(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", overlap_policy="restart")

        host.tick(0)
        host.end("job", 200, Status.STOPPED)
        host.run(200)

        assert rows(job) == [("stopped", 0, 1, 1), ("succeeded", 60, 1, 3)]

    def test_a_disabled_job_is_not_restarted(self, host: Ticking) -> None:
        new_job(frequency="HOURLY", overlap_policy="restart")

        host.tick(0)
        Job.objects.update(enabled=False)
        host.tick(60)

        assert not Job.objects.get().force_stop
        host.end("job", 61)

    def test_the_run_of_a_paused_job_goes_on(self, host: Ticking) -> None:
        new_job(frequency="HOURLY", overlap_policy="restart")

        host.tick(0)
        Pause.objects.create(starts_at=to_stored(at(30)))
        host.tick(60)

        assert not Job.objects.get().force_stop
        host.end("job", 61)

    def test_a_run_that_was_asked_for_is_ended_by_the_next_occurrence(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", overlap_policy="restart", due=60)
        Job.objects.update(force_run=True)

        host.tick(30)
        host.tick(59)
        assert not Job.objects.get().force_stop
        host.tick(60)
        assert Job.objects.get().stopped_by == "its next occurrence"
        host.end("job", 60.5, Status.STOPPED)
        host.run(60.5)

        assert rows(job) == [("stopped", None, 1, 1), ("succeeded", 60, 1, 1)]

    def test_it_is_ended_when_the_jitter_of_that_is_over(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", overlap_policy="restart", jitter_seconds=60)
        Job.objects.filter(pk=job.pk).update(next_run=to_stored(at(0.8)), force_run=True)

        assert host.tick(0.2) == ["job"]
        host.tick(0.7)
        assert not Job.objects.get().force_stop
        host.tick(0.8)

        assert Job.objects.get().force_stop
        host.end("job", 0.9, Status.STOPPED)


class TestKeys:
    def test_jobs_that_share_a_key_never_run_together(self, host: Ticking) -> None:
        for name in "abc":
            new_job(name, frequency="HOURLY", concurrency_key="warehouse")
        new_job("other", frequency="HOURLY", concurrency_key="shop")

        assert host.tick(0) == ["a", "other"]
        assert host.tick(1) == []
        host.end("a", 2)
        assert host.tick(2) == ["b"]
        host.end("b", 3)
        assert host.tick(3) == ["c"]
        host.end("c", 4)
        host.end("other", 4)

    def test_the_database_refuses_a_second_run_with_the_key(self, host: Ticking) -> None:
        # As if two hosts had looked before either claimed.
        first, second = (
            new_job(name, frequency="HOURLY", concurrency_key="warehouse") for name in "ab"
        )
        other = Ticking()

        assert host.tick(0, jobs=[first.pk]) == ["a"]
        run = claim(second, at(0), trigger=Trigger.SCHEDULE, lock_file_of=lambda _: "")

        assert run is None
        assert Log.objects.count() == 1
        host.end("a", 1)
        assert other.run(1) == ["b"]


class TestSameCommands:
    # Row: Same command at two schedules in one tick runs once
    def test_a_command_that_runs_already_is_not_started_again(
        self, host: Ticking, settings: Settings
    ) -> None:
        settings.CHRONIKER_UNIQUE_COMMANDS = True
        for name in ("first", "second"):
            new_job(name, frequency="HOURLY", command="echo_args", args="--one")
        new_job("other", frequency="HOURLY", command="echo_args", args="--two")

        assert host.tick(0) == ["first", "other"]

        assert rows("second") == [("skipped", 0, 0, 1)]
        skipped = Log.objects.get(status="skipped")
        assert skipped.reason == "the same command is held by first"
        host.end("first", 1)
        host.end("other", 1)
        assert host.run(60) == ["first", "other"]

    def test_another_environment_makes_another_command(
        self, host: Ticking, settings: Settings
    ) -> None:
        settings.CHRONIKER_UNIQUE_COMMANDS = True
        new_job("first", frequency="HOURLY", environment="SHOP=1")
        new_job("second", frequency="HOURLY", environment="SHOP=2")

        assert host.run(0) == ["first", "second"]

    def test_a_job_that_restarts_ends_the_run_of_the_same_command(
        self, host: Ticking, settings: Settings
    ) -> None:
        settings.CHRONIKER_UNIQUE_COMMANDS = True
        new_job("first", frequency="HOURLY")
        new_job("second", frequency="HOURLY", due=5, overlap_policy="restart")
        new_job("other", frequency="HOURLY", command="fail")

        assert host.tick(0) == ["first", "other"]
        assert host.tick(5) == []
        assert Job.objects.get(name="first").stopped_by == "second"
        assert not Job.objects.get(name="other").force_stop
        host.end("other", 6)
        host.end("first", 6, Status.STOPPED)

        assert host.run(6) == ["second"]

    def test_a_job_for_all_hosts_runs_on_each_of_them(
        self, host: Ticking, settings: Settings
    ) -> None:
        settings.CHRONIKER_UNIQUE_COMMANDS = True
        new_job("everywhere", frequency="HOURLY", hostname="*")
        other = Ticking()

        assert host.tick(0) == ["everywhere"]
        settings.CHRONIKER_HOSTNAME = "elsewhere"
        assert other.run(0) == ["everywhere"]
        host.end("everywhere", 1)

    def test_without_the_setting_they_run_together(self, host: Ticking) -> None:
        for name in ("first", "second"):
            new_job(name, frequency="HOURLY")

        assert host.run(0) == ["first", "second"]
