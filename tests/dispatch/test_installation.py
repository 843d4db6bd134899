"""A copy of the tables somewhere else starts nothing until a person says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from chroniker import settings as app_settings
from chroniker.constants import Event, Status
from chroniker.dispatch import expected
from chroniker.dispatch.line import Selection
from chroniker.dispatch.presence import note_tick
from chroniker.dispatch.tick import would_start
from chroniker.expectations import web
from chroniker.management.commands.cron import run_cron
from chroniker.models import Host, Installation, Job, Log, Notification, Standing
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from chroniker.notifications import outbox, sender
from tests.running import Manage, due_job, run_due
from tests.ticking import at, new_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere() -> None:
    """The tables were copied from another installation."""
    Installation.objects.create(name="production", pk=1)


def status_of(*words: str) -> int | str | None:
    try:
        call_command("cron", *words)
    except CommandError as error:
        return error.returncode
    except SystemExit as end:
        return end.code
    return 0


def test_the_first_tick_adopts_what_is_nobodys_and_goes_on() -> None:
    job = due_job()

    run_due()

    assert Log.objects.get(job=job).status == Status.SUCCEEDED
    assert Standing.read("default").owner == Standing.read("default").here != ""
    assert not Standing.read("default").is_held


@pytest.mark.usefixtures("elsewhere")
def test_in_a_copy_nothing_is_started_nor_forced_nor_taken_for_lost() -> None:
    due, forced, running = due_job(), due_job(force_run=True), due_job()
    Job.objects.filter(pk=running.pk).update(
        is_running=True,
        claim_token="of production",
        lease_expires=1,
        current_hostname="production",
        last_run_start_timestamp=to_stored(database_now("default")),
    )
    before = list(Job.objects.order_by("pk").values())

    assert run_due() == []
    with pytest.raises(CommandError, match="Nothing is started: these tables belong to"):
        run_cron(jobs=[due.pk, forced.pk], force_run=True)

    assert list(Job.objects.order_by("pk").values()) == before
    assert not Log.objects.exists()
    Job.objects.filter(pk=running.pk).update(is_running=False, claim_token=None)


@pytest.mark.usefixtures("elsewhere")
def test_cron_says_so_once_a_day_and_ends_with_77_each_time(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    due_job()

    with pytest.raises(CommandError, match=r"“production”.*cron_adopt") as first:
        call_command("cron")
    assert first.value.returncode == 77
    capsys.readouterr()
    assert status_of() == 77
    assert capsys.readouterr() == ("", "")
    assert status_of("--dryrun") == 77
    with pytest.raises(CommandError, match="production"):
        call_command("cron", verbosity=2)

    yesterday = database_now("default") - timedelta(days=1, minutes=1)
    Installation.objects.update(refused_at=to_stored(yesterday))
    with pytest.raises(CommandError, match="production"):
        call_command("cron")
    settings.CHRONIKER_INSTALLATION = "staging 2"
    with pytest.raises(CommandError, match="“staging 2”"):
        call_command("cron")


@pytest.mark.usefixtures("elsewhere")
def test_cron_why_and_the_jobs_page_name_the_installation_first() -> None:
    gate = due_job().why_not_running()[0]

    assert (gate.name, gate.is_open, gate.needs_a_person) == ("installation", False, True)
    assert "“production”" in gate.reason


@pytest.mark.usefixtures("elsewhere")
def test_nothing_would_start_however_it_is_asked() -> None:
    job = new_job()

    for selection in (Selection(), Selection(force=True, jobs=(job.pk,))):
        assert list(would_start("default", at(1), selection)) == []


@pytest.mark.usefixtures("elsewhere")
def test_run_job_refuses_and_runs_anyway_only_if_told_so() -> None:
    job = due_job()

    with pytest.raises(CommandError, match=r"succeed is not run: .*--anyway") as held:
        call_command("run_job", str(job.pk))
    assert held.value.returncode == 77
    assert not job.run(force_run=True)
    assert not Log.objects.exists()

    call_command("run_job", str(job.pk), "--anyway")
    assert Log.objects.get().status == Status.SUCCEEDED


@pytest.mark.usefixtures("elsewhere")
def test_who_adopts_is_told_what_follows_and_then_jobs_start(
    capsys: pytest.CaptureFixture[str],
) -> None:
    due_job()
    with pytest.raises(SystemExit):
        call_command("cron_adopt", "--show")
    assert "The tables belong to: production" in capsys.readouterr().out

    call_command("cron_adopt")

    out = capsys.readouterr().out
    assert "They belonged to: production" in out
    assert "Due, and started at the next tick: 1 job." in out
    assert len(run_due()) == 1
    row = Installation.objects.get()
    assert row.adopted_at is not None
    assert row.adopted_by
    call_command("cron_adopt")
    call_command("cron_adopt", "--show")
    assert "already" in capsys.readouterr().out


@pytest.mark.usefixtures("elsewhere")
def test_of_two_who_adopt_at_once_one_does() -> None:
    now = database_now("default")
    rows = Installation.objects
    assert rows.adopt("staging", now, by="her", instead_of="production")
    assert not rows.adopt("laptop", now, by="him", instead_of="production")
    assert rows.get().name == "staging"


def test_an_installation_that_was_given_a_name_is_known_by_it(settings: Settings) -> None:
    settings.CHRONIKER_INSTALLATION = "production"
    due_job()
    run_due()
    assert Standing.read("default") == Standing(owner="production", here="production")

    settings.CHRONIKER_INSTALLATION = "staging"
    assert Standing.read("default").is_held


def test_a_server_is_held_as_well_and_says_so(manage: Manage) -> None:
    Installation.objects.create(name="production", pk=1)
    due_job()
    server = manage.start("cronserver", "--continuous")
    assert server.stdout is not None

    said = [server.stdout.readline(), server.stdout.readline()]
    server.terminate()

    assert "Held: these tables belong to" in said[1]
    assert server.wait(120) == 0
    assert not Log.objects.exists()


@pytest.mark.usefixtures("elsewhere")
def test_what_a_copy_had_still_to_tell_is_told_to_nobody(settings: Settings) -> None:
    settings.ADMINS = ["ann@example.com"]
    outbox.note("default", Event.RUN_FAILED, job_id=due_job().pk)

    sender.send_here("default")
    sender.send_due("default")

    assert Notification.objects.filter(expanded=None).count() == 1
    Installation.objects.all().delete()
    sender.send_here("default")
    assert not Notification.objects.filter(expanded=None).exists()


@pytest.mark.usefixtures("elsewhere")
def test_a_copy_notes_no_alarms_that_would_be_told_once_it_is_adopted() -> None:
    now = database_now("default")
    long_ago = to_stored(now - timedelta(days=1))
    due_job(name="bound", hostname="production", late_after_seconds=60)
    due_job(name="free", late_after_seconds=60)
    Job.objects.update(next_run=long_ago, next_occurrence=long_ago)
    for name in ("production", app_settings.hostname()):
        Host.objects.create(hostname=name, last_tick=long_ago)

    note_tick("default", now)
    expected.note("default", now)

    assert not Notification.objects.exists()
    Installation.objects.all().delete()
    expected.note("default", now)
    assert Notification.objects.exists()


@pytest.mark.usefixtures("elsewhere")
def test_nobody_is_told_that_nothing_ticks_on_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_looked_at", {})
    now = database_now("default")
    Host.objects.create(hostname="production", last_tick=to_stored(now - timedelta(days=1)))

    web.look("default", list(Host.objects.all()), now)

    assert not Notification.objects.exists()
