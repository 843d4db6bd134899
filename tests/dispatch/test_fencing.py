"""A run ends before another host could take it over, whoever is frozen, dead or asleep."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F
from pytest_django import Settings

from chroniker.dispatch import recovery
from chroniker.dispatch.recovery import Recovery
from chroniker.executors.local import LocalExecutor
from chroniker.host import uptime
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.runs import lease
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.deadline import DatabaseSilent
from chroniker.runs.fence import Fence
from chroniker.runs.run import Run
from chroniker.runs.spool import Spool
from tests.running import Manage, due_job, is_alive, printed_so_far, run_due, run_of, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

# Told to end is a run whose claim was not renewed for 2 s, and killed is it 1 s later.
SHORT = {
    "CHRONIKER_LOCK_TIMEOUT": 8,
    "CHRONIKER_KILL_GRACE_SECONDS": 1,
    "CHRONIKER_RENEW_SECONDS": 0.5,
}

SILENT = "its scheduler was silent for"

AN_HOUR = 3600_000
"""In milliseconds, as leases are."""


def start(
    manage: Manage, args: str = "60", **settings: float
) -> tuple[subprocess.Popen[str], psutil.Process]:
    """A ``cron`` process and the job's process that it runs."""
    manage.set(**SHORT | settings)
    due_job("sleep_for", args)
    cron = manage.start("cron")
    return cron, job_process()


def freeze(scheduler: subprocess.Popen[str]) -> None:
    """Stop it, but not in the midst of a write: its locks would hold everybody up."""

    def is_frozen_without_a_lock() -> bool:
        scheduler.send_signal(signal.SIGSTOP)
        wait_until(lambda: psutil.Process(scheduler.pid).status() == psutil.STATUS_STOPPED)
        if can_be_written_at_once():
            return True
        scheduler.send_signal(signal.SIGCONT)
        return False

    wait_until(is_frozen_without_a_lock)


def can_be_written_at_once() -> bool:
    """Whether nobody locks the only job."""
    is_sqlite = connection.vendor == "sqlite"
    patience = connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000
    with connection.cursor() as cursor:
        try:
            if is_sqlite:
                cursor.execute("PRAGMA busy_timeout = 0")
            with transaction.atomic():
                list(Job.objects.select_for_update(nowait=True))
                Job.objects.update(name=F("name"))
        except OperationalError:
            return False
        finally:
            if is_sqlite:
                cursor.execute(f"PRAGMA busy_timeout = {int(patience)}")
    return True


def job_process() -> psutil.Process:
    """The process of the only job, which has said something."""
    wait_until(printed_so_far)
    pid = Spool.of(Job.objects.get().lock_file).read_process()
    assert pid is not None
    return psutil.Process(pid)


def is_gone(process: psutil.Process) -> bool:
    return not is_alive(process.pid)


def lease_left() -> float:
    """For how many seconds the only job's lease still holds."""
    expires = Job.objects.get().lease_expires
    assert expires is not None
    return float(expires / 1000 - database_now("default").timestamp())


def passed(seconds: float) -> Callable[[], bool]:
    """Whether so much time has passed since now."""
    end = uptime() + seconds
    return lambda: uptime() > end


# Frozen or dead schedulers


@pytest.mark.parametrize("args", ["60 --stubborn", "60", "60 --tidy"])
def test_a_job_whose_scheduler_is_frozen_ends_while_its_lease_holds(
    manage: Manage, args: str
) -> None:
    cron, job = start(manage, args)

    cron.send_signal(signal.SIGSTOP)

    wait_until(lambda: is_gone(job))
    assert lease_left() > 0
    cron.send_signal(signal.SIGCONT)
    log = wait_until(lambda: Log.objects.ended().first())
    assert log.status == "lost"
    assert (log.reason or "").startswith(SILENT)


def test_a_job_without_scheduler_whose_renewal_waits_for_the_database_ends_in_time(
    manage: Manage,
) -> None:
    cron, job = start(manage, "60 --stubborn")
    cron.kill()
    cron.wait()
    before = Job.objects.get().heartbeat_count
    wait_until(lambda: Job.objects.get().heartbeat_count > before + 1)

    with transaction.atomic():
        Job.objects.update(name="nobody else can write this row now")
        wait_until(lambda: is_gone(job))
        assert lease_left() > 0

    Job.objects.update(enabled=False)
    run_due()
    log = Log.objects.get()
    assert log.status == "lost"
    assert (log.reason or "").startswith(SILENT)


def test_a_job_without_scheduler_goes_on_as_long_as_it_can_renew(manage: Manage) -> None:
    cron, job = start(manage)
    cron.kill()
    cron.wait()

    wait_until(passed(4))

    assert is_alive(job.pid)
    assert Log.objects.get().status == "running"


def test_a_run_counts_as_confirmed_since_its_last_renewal_and_no_later(tmp_path: Path) -> None:
    # Not since its process found itself left alone, for instance.
    confirmed = Confirmation.make(tmp_path, uptime() - 44)
    assert not Fence(confirmed).is_reached()

    confirmed.sent = uptime() - 45

    assert Fence(Confirmation(tmp_path)).is_reached()
    assert 9 < confirmed.grace < 10


class Late(LocalExecutor):
    """As if this process had been frozen between its last look at the claim and the launch."""

    def launch(self, run: Run) -> None:
        """Launch it with a claim of an hour ago."""
        super().launch(replace(run, claimed_uptime=run.claimed_uptime - 3600))


def test_a_run_that_starts_long_after_its_claim_does_nothing(settings: Settings) -> None:
    settings.CHRONIKER_EXECUTOR = f"{__name__}.Late"
    job = due_job()

    run_due()

    log = run_of(job)
    assert (log.status, log.stdout) == ("lost", "")
    assert (log.reason or "").startswith(SILENT)


def test_a_run_in_the_calling_process_ends_if_its_renewal_waits_for_the_database(
    manage: Manage,
) -> None:
    manage.set(**SHORT)
    job = due_job("sleep_for", "60")
    caller = manage.start("run_job", str(job.pk))
    wait_until(printed_so_far)
    spool = Spool.of(Job.objects.get().lock_file)

    with transaction.atomic():
        Job.objects.update(name="nobody else can write this row now")
        wait_until(spool.read_result)
        assert lease_left() > 0

    assert caller.wait(120) != 0
    log = Log.objects.get()
    assert log.status == "lost"
    assert (log.reason or "").startswith(SILENT)


# Schedulers that live, and cannot renew


@pytest.fixture
def no_renewals(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """The database takes everything but renewals."""
    for name, value in SHORT.items():
        setattr(settings, name, value)

    def renew(*_: object) -> set[str]:
        raise OperationalError("no route to host")

    monkeypatch.setattr(lease, "renew", renew)


@pytest.mark.usefixtures("no_renewals")
def test_a_job_whose_scheduler_cannot_renew_ends_by_itself() -> None:
    job = due_job("sleep_for", "60 --tidy")

    run_due()

    log = run_of(job)
    assert (log.status, log.stdout) == ("lost", "Sleeping for 60 seconds.\nTidied up.\n")
    assert (log.reason or "").startswith(SILENT)


@pytest.mark.usefixtures("no_renewals")
def test_a_command_that_put_a_program_in_its_place_is_ended_by_its_scheduler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = "import time; time.sleep(60)"
    words = [sys.executable, "-c", code]
    job = let_the_job(monkeypatch, lambda: os.execv(words[0], words))  # noqa: S606

    run_due()

    log = run_of(job)
    assert (log.status, log.reason) == ("lost", "the database could not be reached in time")


# Taken over meanwhile


@pytest.fixture
def elsewhere(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], None]:
    """Lets another host, with a disk of its own, take the only job over and run it."""

    def take_over() -> None:
        settings.CHRONIKER_HOSTNAME = "elsewhere"
        settings.CHRONIKER_SPOOL_DIR = str(tmp_path / "elsewhere")
        monkeypatch.setattr(recovery, "looks_apart", lambda: 0.0)
        looker = Recovery("default")
        Job.objects.update(lease_expires=F("lease_expires") - AN_HOUR)
        looker.recover(database_now("default"))
        assert len(looker.recover(database_now("default"))) == 1
        Job.objects.update(command="succeed", args="")
        run_due()

    return take_over


def rows() -> list[dict[str, Any]]:
    """All that may not change once another host has taken over.

    That host could not read what the lost run had printed: its own host may add it.
    """
    added = {"late_outcome", "stdout", "output_truncated"}
    lost, *others = Log.objects.order_by("pk").values()
    kept = {name: value for name, value in lost.items() if name not in added}
    return [*Job.objects.values(), kept, *others]


@pytest.mark.parametrize("job_wakes_too", [False, True])
def test_a_frozen_scheduler_that_wakes_after_a_takeover_ends_its_job_and_writes_nothing(
    manage: Manage, elsewhere: Callable[[], None], *, job_wakes_too: bool
) -> None:
    long = {"CHRONIKER_LOCK_TIMEOUT": 60.0, "CHRONIKER_KILL_GRACE_SECONDS": 40.0}
    cron, job = start(manage, "60 --stubborn", **long)
    freeze(cron)
    job.suspend()
    elsewhere()
    before = rows()
    assert [log.status for log in Log.objects.order_by("pk")] == ["lost", "succeeded"]

    if job_wakes_too:
        job.resume()
    cron.send_signal(signal.SIGCONT)

    wait_until(lambda: is_gone(job), seconds=20)  # without a grace
    assert cron.wait(120) == 0
    assert rows() == before
    assert Log.objects.order_by("pk")[0].late_outcome == "lost: taken over by somebody else"


def test_a_frozen_scheduler_whose_job_has_fenced_itself_writes_nothing_after_a_takeover(
    manage: Manage, elsewhere: Callable[[], None]
) -> None:
    cron, job = start(manage)
    freeze(cron)
    wait_until(lambda: is_gone(job))
    elsewhere()
    before = rows()

    cron.send_signal(signal.SIGCONT)

    assert cron.wait(120) == 0
    assert rows() == before
    lost = Log.objects.order_by("pk")[0]
    assert (lost.reason or "").startswith(SILENT)
    assert lost.late_outcome is None  # it is no news


def test_a_job_that_was_frozen_with_its_scheduler_does_not_wait_for_it_for_long(
    manage: Manage,
) -> None:
    cron, job = start(manage, "60 --stubborn")
    cron.send_signal(signal.SIGSTOP)
    job.suspend()
    wait_until(passed(3.5))

    job.resume()

    wait_until(lambda: is_gone(job))
    cron.kill()


# A machine that sleeps


class Machine:
    """Its clock for durations, which all processes that are forked from now on share."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        slept: Any = multiprocessing.Value(ctypes.c_double, 0.0, lock=False)
        real = time.clock_gettime
        monkeypatch.setattr(time, "clock_gettime", lambda clock: real(clock) + slept.value)
        self._slept = slept

    def sleep(self, seconds: float) -> None:
        """All of it sleeps for so long."""
        self._slept.value += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """This machine, which can sleep."""
    return Machine(monkeypatch)


def let_the_job(monkeypatch: pytest.MonkeyPatch, do: Callable[[], None]) -> Job:
    """A due job whose command does this."""
    command = "test_project.samples.management.commands.succeed.Command.handle"
    monkeypatch.setattr(command, lambda *_, **__: do())
    return due_job()


def test_after_the_machine_has_slept_a_run_that_is_still_ours_goes_on(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep_with_the_machine() -> None:
        machine.sleep(600)
        time.sleep(3.5)

    job = let_the_job(monkeypatch, sleep_with_the_machine)
    real = lease.renew

    def renew(*args: Any) -> set[str]:
        time.sleep(1.2)  # the job's process, which looks each second, is the first to wake
        return real(*args)

    monkeypatch.setattr(lease, "renew", renew)

    run_due()

    assert run_of(job).status == "succeeded"
    assert Job.objects.get().heartbeat_count > 1


@pytest.mark.breaks_invariants("another host's claim is only played")
def test_after_the_machine_has_slept_a_run_that_was_taken_over_is_ended_at_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    late = tmp_path / "late"

    def sleep_with_the_machine() -> None:
        Log.objects.update(status="lost", active_for=None, reason="silent")
        Job.objects.update(claim_token="f" * 32)
        machine.sleep(600)
        time.sleep(30)
        late.touch()

    let_the_job(monkeypatch, sleep_with_the_machine)
    began = time.monotonic()

    assert run_due() == []

    assert time.monotonic() - began < 20
    assert not late.exists()
    log = Log.objects.get()
    assert (log.status, log.reason) == ("lost", "silent")
    assert log.late_outcome == "lost: taken over by somebody else"
    assert Job.objects.get().claim_token == "f" * 32


def test_a_renewal_in_whose_midst_the_machine_slept_is_tried_again_before_the_run_is_given_up(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.CHRONIKER_RENEW_SECONDS = 0.5
    job = due_job("sleep_for", "2.5")
    real, naps = lease.renew, iter([600.0])

    def renew(*args: Any) -> set[str]:
        for seconds in naps:
            machine.sleep(seconds)
            raise DatabaseSilent("no answer within 4 s")
        return real(*args)

    monkeypatch.setattr(lease, "renew", renew)

    run_due()

    assert run_of(job).status == "succeeded"


# Ending the tree


@pytest.mark.parametrize("end", ["frozen", "dead"])
def test_a_program_that_ignores_term_is_killed_with_the_process_that_waits_for_it(
    manage: Manage, end: str
) -> None:
    manage.set(**SHORT)
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    code = f"import os,signal,time; {ignore}; print(os.getpid(), flush=True); time.sleep(60)"
    due_job("", raw_command=f'{sys.executable} -c "{code}"')
    cron = manage.start("cron")
    program = int(wait_until(printed_so_far))

    if end == "frozen":
        cron.send_signal(signal.SIGSTOP)
    else:
        cron.kill()
        Job.objects.update(force_stop=True, stopped_by="anna")

    wait_until(lambda: not is_alive(program))
    cron.kill()
    cron.wait()
    Job.objects.update(enabled=False)
    run_due()
    assert Log.objects.get().status == ("lost" if end == "frozen" else "stopped")


def test_a_command_that_ends_well_when_asked_to_is_still_recorded_as_stopped(
    manage: Manage,
) -> None:
    cron, job = start(manage, "60 --tidy")
    cron.kill()
    Job.objects.update(force_stop=True, stopped_by="anna", enabled=False)

    wait_until(lambda: is_gone(job))
    run_due()

    log = Log.objects.get()
    assert (log.status, log.reason) == ("stopped", "stopped by anna")
    assert log.stdout == "Sleeping for 60 seconds.\nTidied up.\n"


def test_the_shared_page_outlives_the_folder_and_every_descriptor(tmp_path: Path) -> None:
    watchers = Confirmation.make(tmp_path, 1.0)
    pid = os.fork()
    if pid == 0:
        own = Confirmation(tmp_path)
        (tmp_path / "confirmed").unlink()
        os.closerange(3, 256)
        while own.sent != 2.0:
            time.sleep(0.01)
        os._exit(0)
    wait_until(lambda: not (tmp_path / "confirmed").exists())

    watchers.sent = 2.0

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
