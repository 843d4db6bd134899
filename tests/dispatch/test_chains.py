"""Jobs that wait for others: for a fresh success, and in chains."""

from __future__ import annotations

from typing import Any

import pytest

from chroniker.constants import Status
from chroniker.models import Job, JobDependency, Log
from chroniker.moments import to_stored
from tests.ticking import Ticking, at, new_job, next_run, rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def host() -> Ticking:
    return Ticking()


def waits(dependent: Job, dependee: Job, **criteria: Any) -> None:
    JobDependency.objects.create(dependent=dependent, dependee=dependee, **criteria)


FRESH = {"wait_for_fresh_success": True, "wait_for_next_run": False}


def chained(name: str = "chained", **values: Any) -> Job:
    job = new_job(name, due=None, frequency="CHAINED", **values)
    Job.objects.filter(pk=job.pk).update(anchor=to_stored(at(-1)))  # made then
    return job


class TestFreshSuccess:
    # Row: Wait for freshness
    def test_each_run_needs_a_success_since_the_last_one(self, host: Ticking) -> None:
        daily = new_job("daily", frequency="DAILY")
        hourly = new_job("hourly", frequency="HOURLY", due=30)
        waits(hourly, daily, **FRESH)

        host.run(0)
        assert host.run(30) == ["hourly"]
        assert host.run(90) == []
        assert host.run(24 * 60) == ["daily"]
        assert host.run(24 * 60) == ["hourly"]

    def test_a_failed_run_is_not_fresh(self, host: Ticking) -> None:
        first = new_job("first", frequency="HOURLY")
        second = new_job("second", frequency="HOURLY")
        waits(second, first, **FRESH)

        assert host.run(0, Status.FAILED) == ["first"]
        assert host.run(1) == []
        assert host.run(60) == ["first"]
        assert host.run(61) == ["second"]

    def test_a_retry_belongs_to_the_success_of_its_first_attempt(self, host: Ticking) -> None:
        first = new_job("first", frequency="DAILY")
        second = new_job("second", frequency="DAILY", max_retries=1, retry_delay_seconds=60)
        waits(second, first, **FRESH)

        host.run(0)
        assert host.run(1, Status.FAILED) == ["second"]

        assert host.run(2) == ["second"]

    def test_an_end_at_the_very_moment_of_the_claim_counts_only_once(self, host: Ticking) -> None:
        first = new_job("first", frequency="HOURLY")
        second = new_job("second", frequency="MINUTELY")
        waits(second, first, **FRESH)

        host.run(0)
        host.tick(0)
        host.end("second", 0)

        assert host.run(1) == []

    def test_a_success_before_the_clock_was_set_back_counts_only_once(self, host: Ticking) -> None:
        first = new_job("first", frequency="DAILY", due=30)
        second = new_job("second", due=1)
        waits(second, first, wait_for_success=False, **FRESH)
        host.run(30)
        Job.objects.filter(pk=first.pk).update(force_run=True)
        host.run(0, Status.FAILED)

        assert host.tick(1) == ["second"]
        host.end("second", 30)

        assert host.run(31) == []


class TestChains:
    def test_it_starts_when_all_it_waits_for_have_run(self, host: Ticking) -> None:
        a, b = new_job("a", frequency="HOURLY"), new_job("b", frequency="HOURLY", due=10)
        last = chained()
        waits(last, a)
        waits(last, b)

        host.run(0)
        assert host.run(1) == []
        host.tick(10)
        host.end("b", 12)
        assert host.run(12) == ["chained"]

        assert rows(last) == [("succeeded", 12, 1, 1)]
        assert Log.objects.get(job=last).trigger == "chain"
        assert next_run(last) is None
        assert host.run(13) == []

    def test_it_needs_a_new_run_of_each(self, host: Ticking) -> None:
        a, b = new_job("a", frequency="HOURLY"), new_job("b", frequency="DAILY")
        last = chained()
        waits(last, a)
        waits(last, b)

        host.run(0)
        assert host.run(0) == ["chained"]
        assert host.run(60) == ["a"]
        assert host.run(61) == []

    def test_a_failure_ends_the_chain_unless_any_end_will_do(self, host: Ticking) -> None:
        first = new_job("first", frequency="DAILY")
        picky, content = chained("picky"), chained("content")
        waits(picky, first)
        waits(content, first, wait_for_success=False)

        host.run(0, Status.FAILED)

        assert host.run(1) == ["content"]

    def test_what_ended_before_it_was_made_does_not_start_it(self, host: Ticking) -> None:
        first = new_job("first", frequency="DAILY")
        host.run(0)
        last = chained()
        Job.objects.filter(pk=last.pk).update(anchor=to_stored(at(1)))
        waits(last, first)

        assert host.run(2) == []

    def test_a_failed_link_is_tried_again_at_its_own_moment(self, host: Ticking) -> None:
        first = new_job("first", frequency="DAILY")
        last = chained(max_retries=1, retry_delay_seconds=300)
        waits(last, first)

        host.run(0)
        host.run(1, Status.FAILED)
        assert host.run(5) == []
        assert host.run(6) == ["chained"]

        assert rows(last) == [("failed", 0, 1, 1), ("succeeded", 0, 2, 1)]
        assert next_run(last) is None

    def test_a_new_link_supersedes_the_retry_of_the_last(self, host: Ticking) -> None:
        first = new_job("first", frequency="HOURLY")
        last = chained(max_retries=-1, retry_delay_seconds=3 * 3600)
        waits(last, first)

        host.run(0)
        host.run(1, Status.FAILED)
        host.run(60)
        assert host.run(61) == ["chained"]

        assert rows(last) == [("failed", 0, 1, 1), ("succeeded", 60, 1, 1)]
        assert Job.objects.get(pk=last.pk).retry_at is None

    def test_a_lost_link_is_made_up_for_at_once(self, host: Ticking) -> None:
        first = new_job("first", frequency="DAILY")
        last = chained()
        waits(last, first)

        host.run(0)
        host.run(1, Status.LOST)

        assert host.run(2) == ["chained"]
        assert rows(last) == [("lost", 0, 1, 1), ("succeeded", 0, 2, 1)]

    def test_a_chain_of_chains_runs_link_by_link(self, host: Ticking) -> None:
        first = new_job("first", frequency="DAILY")
        second, third = chained("second"), chained("third")
        waits(second, first)
        waits(third, second)

        assert [host.run(minute) for minute in range(4)] == [["first"], ["second"], ["third"], []]

    def test_one_that_waits_for_none_says_so(self, host: Ticking) -> None:
        last = chained()

        assert host.run(0) == []

        shut = {gate.name: gate for gate in last.why_not_running() if not gate.is_open}
        assert list(shut) == ["dependencies"]
        assert "waits for none" in shut["dependencies"].reason
        assert shut["dependencies"].needs_a_person
