"""Hosts that stop to tick: who tells of it, once, and what it has cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from chroniker.constants import ALL_HOSTS, Event
from chroniker.dispatch import expected
from chroniker.dispatch.look import anything_to_do
from chroniker.dispatch.presence import note_tick
from chroniker.expectations import silence, web
from chroniker.models import Host, Job, JobHost, Notification, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored
from chroniker.signals import host_silent
from tests.running import due_job
from tests.ticking import Ticking, at, new_job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def here(settings: Settings) -> str:
    settings.CHRONIKER_HOSTNAME = "here"
    return "here"


def noted(event: Event) -> list[str]:
    return [row.details["reason"] for row in Notification.objects.filter(event=event)]


def has_ticked(name: str, minutes: float, **values: Any) -> Host:
    made: Host = Host.objects.create(hostname=name, last_tick=to_stored(at(minutes)), **values)
    return made


def look(minutes: float) -> None:
    expected.note("default", at(minutes))


class TestOfAHost:
    def test_another_host_tells_once_of_one_that_jobs_are_bound_to(self) -> None:
        new_job(hostname="there", due=600)
        has_ticked("there", 0)
        look(4)
        assert noted(Event.HOST_SILENT) == []
        look(6)
        look(7)
        assert noted(Event.HOST_SILENT) == [
            "No scheduler has looked for due jobs on there since 2030-01-07 12:00:00 UTC."
        ]

    def test_the_next_silence_is_told_again(self) -> None:
        new_job(hostname="there", due=6000)
        has_ticked("there", 0)
        look(6)
        Host.objects.ticked("there", at(7), version="", capacity=1)
        look(60)
        assert len(noted(Event.HOST_SILENT)) == 2

    @pytest.mark.parametrize("hostname", ["", "elsewhere"])
    def test_a_host_that_no_job_needs_is_not_told_of(self, hostname: str) -> None:
        new_job(hostname=hostname, due=600)
        has_ticked("there", 0)
        look(6)
        assert noted(Event.HOST_SILENT) == []

    def test_a_job_for_all_hosts_needs_each(self) -> None:
        new_job(hostname=ALL_HOSTS, due=600)
        has_ticked("there", 0)
        look(6)
        assert len(noted(Event.HOST_SILENT)) == 1

    def test_a_retired_host_is_not_told_of(self) -> None:
        new_job(hostname="there", due=600)
        has_ticked("there", 0, is_retired=True)
        look(6)
        assert noted(Event.HOST_SILENT) == []

    def test_a_host_that_is_gone_for_good_is_not_told_of(self, settings: Settings) -> None:
        settings.CHRONIKER_HOST_DAYS = 0.5
        new_job(hostname="there", due=6000)
        has_ticked("there", 0)
        look(13 * 60)
        assert noted(Event.HOST_SILENT) == []

    def test_code_that_listens_is_told_and_may_fail(self) -> None:
        heard = []

        def listen(sender: Any, **facts: Any) -> None:
            heard.append((sender, facts["host"].hostname, facts["last_tick"]))
            raise ZeroDivisionError("theirs")

        new_job(hostname="there", due=600)
        has_ticked("there", 0)
        host_silent.connect(listen)
        try:
            look(6)
            look(7)
        finally:
            host_silent.disconnect(listen)
        assert heard == [(Host, "there", at(0))]

    def test_an_idle_cron_looks_and_the_next_one_has_something_to_send(self) -> None:
        now = database_now("default")
        job = due_job(hostname="there")
        Job.objects.filter(pk=job.pk).update(next_run=to_stored(now + timedelta(days=1)))
        Host.objects.create(hostname="there", last_tick=to_stored(now - timedelta(hours=1)))
        assert not anything_to_do("default", now)
        call_command("cron")
        assert len(noted(Event.HOST_SILENT)) == 1
        assert anything_to_do("default", now + timedelta(minutes=1))


class TestReturn:
    def test_the_tick_that_ends_it_says_what_it_has_cost(self) -> None:
        new_job("each minute")
        new_job("each hour", frequency="HOURLY", due=30)
        new_job("later", due=600)
        has_ticked("here", 0)

        note_tick("default", at(65))

        host = Host.objects.get()
        assert (to_instant(host.away_from), to_instant(host.away_until)) == (at(0), at(65))
        assert host.away_cost == "66 occurrences of 2 jobs affected"
        row = Notification.objects.get()
        assert row.event == Event.SCHEDULER_SILENT
        assert row.details["reason"] == (
            "here was away from 2030-01-07 12:00:00 UTC to 2030-01-07 13:05:00 UTC: "
            "66 occurrences of 2 jobs affected."
        )
        assert row.details["names"] == ["each minute", "each hour"]

    def test_a_host_that_ticks_in_time_was_not_away(self) -> None:
        new_job()
        has_ticked("here", 0)
        note_tick("default", at(4))
        assert not Notification.objects.exists()
        assert Host.objects.get().away_from is None

    def test_what_other_hosts_have_run_was_not_affected(self) -> None:
        new_job()
        has_ticked("here", 0)
        others = Ticking()
        others.run(64)

        note_tick("default", at(64.5))

        assert Host.objects.get().away_cost == "no occurrence of a job was missed"
        assert not Notification.objects.exists()

    def test_what_is_paused_disabled_or_elsewhere_was_not_affected(self) -> None:
        paused = new_job("paused")
        Pause.objects.create(job=paused, starts_at=to_stored(at(-1)))
        new_job("elsewhere", hostname="there")
        new_job("off", enabled=False)
        has_ticked("here", 0)
        note_tick("default", at(65))
        assert Host.objects.get().away_cost == "no occurrence of a job was missed"

    def test_its_share_of_a_job_for_all_hosts_was_affected(self) -> None:
        job = new_job(hostname=ALL_HOSTS, frequency="HOURLY", due=30)
        JobHost.objects.create(
            job=job, hostname="here", revision=job.revision,
            next_run=job.next_run, next_occurrence=job.next_occurrence,
        )  # fmt: skip
        has_ticked("here", 0)
        note_tick("default", at(65))
        assert Host.objects.get().away_cost == "1 occurrence of 1 job affected"

    def test_of_very_many_it_says_at_least(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(silence, "MOST_OCCURRENCES", 10)
        new_job()
        has_ticked("here", 0)
        note_tick("default", at(65))
        assert Host.objects.get().away_cost == "at least 10 occurrences of 1 job affected"

    def test_if_the_silence_was_told_so_is_its_end(self) -> None:
        has_ticked("here", 0)
        silence.note_everywhere("default", list(Host.objects.all()), at(10))
        note_tick("default", at(65))
        assert len(noted(Event.SCHEDULER_SILENT)) == 2


class TestEverywhere:
    def test_a_web_process_tells_once_that_nobody_ticks(self) -> None:
        has_ticked("here", 0)
        has_ticked("there", 1)
        hosts = list(Host.objects.all())
        assert not silence.note_everywhere("default", hosts, at(5))
        assert silence.note_everywhere("default", hosts, at(7))
        assert silence.note_everywhere("default", hosts, at(8))
        assert noted(Event.SCHEDULER_SILENT) == [
            "No scheduler has looked for due jobs on any host since 2030-01-07 12:01:00 UTC."
        ]

    def test_it_stores_something_at_most_once_a_minute(
        self, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
    ) -> None:
        monkeypatch.setattr(web, "_looked_at", {})
        has_ticked("here", 0)
        hosts = list(Host.objects.all())
        web.look("default", hosts, at(7))
        with django_assert_num_queries(0):
            web.look("default", hosts, at(8))
        assert len(noted(Event.SCHEDULER_SILENT)) == 1

    def test_while_one_ticks_it_costs_nothing(self, django_assert_num_queries: Any) -> None:
        has_ticked("here", 7)
        has_ticked("there", -600)
        hosts = list(Host.objects.all())
        with django_assert_num_queries(0):
            web.look("default", hosts, at(8))

    def test_where_all_hosts_are_retired_nobody_is_told(self) -> None:
        has_ticked("here", 0, is_retired=True)
        assert not silence.note_everywhere("default", list(Host.objects.all()), at(60))
        assert noted(Event.SCHEDULER_SILENT) == []


def test_a_host_that_ticks_is_in_use_again() -> None:
    has_ticked("here", 0, is_retired=True)
    note_tick("default", at(1))
    assert not Host.objects.get().is_retired


def test_a_retired_host_that_comes_back_was_not_away() -> None:
    new_job()
    has_ticked("here", 0, is_retired=True)
    note_tick("default", at(600))
    assert not Notification.objects.exists()
