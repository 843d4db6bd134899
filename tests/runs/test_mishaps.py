"""What goes wrong with one run stays with it, and a run that is well is not ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import psutil
import pytest
from django.db import OperationalError
from pytest_django import Settings

from chroniker.dispatch.line import Selection
from chroniker.dispatch.supervisor import Supervisor
from chroniker.host import uptime
from chroniker.models import Job, Log
from chroniker.runs import processes, publish, record
from chroniker.runs.live import LiveRun
from chroniker.runs.spool import Spool, lock_file_of
from tests.running import ROOT, Manage, due_job, printed_so_far, run_due, run_of, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def python(code: str) -> str:
    """A raw command that runs this."""
    return f'{sys.executable} -c "{code}"'


def renewals(job: Job) -> int:
    """How often this job's claim was renewed."""
    return int(Job.objects.get(pk=job.pk).heartbeat_count)


# Watching


def test_a_run_whose_progress_makes_no_sense_is_watched_like_the_others() -> None:
    progress = "os.readlink('/proc/self/fd/1').replace('stdout', 'progress')"
    spoil = f"import os; os.pwrite(os.open({progress}, os.O_WRONLY), b'a b', 0)"
    bad = due_job("", raw_command=python(spoil), name="bad")
    good = due_job("sleep_for", "1.2", name="good")

    run_due()

    assert run_of(bad).status == run_of(good).status == "succeeded"
    assert Job.objects.get(pk=bad.pk).total_parts == 0


def test_a_fault_in_watching_one_run_reaches_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = due_job("sleep_for", "1.2", name="bad")
    good = due_job("sleep_for", "1.2", name="good")
    real = publish.publish
    looked_at: list[int] = []

    def faulty(live: LiveRun, seconds: float) -> None:
        looked_at.append(live.run.job_id)
        if live.run.job_id == bad.pk:
            raise RuntimeError("a fault of ours")
        real(live, seconds)

    monkeypatch.setattr(publish, "publish", faulty)

    run_due()

    assert {bad.pk, good.pk} <= set(looked_at)
    assert run_of(bad).status == run_of(good).status == "succeeded"


def test_a_scheduler_nobody_reads_any_more_goes_on_watching(manage: Manage) -> None:
    manage.set(CHRONIKER_RENEW_SECONDS=1)
    slow = due_job("sleep_for", "60", name="slow")
    server = manage.start("cronserver", "1")
    wait_until(lambda: Log.objects.running().exists())
    assert server.stdout is not None
    server.stdout.close()
    server.stdout = None
    quick = due_job(name="quick")

    wait_until(lambda: Log.objects.ended().filter(job=quick).exists())
    before = renewals(slow)

    wait_until(lambda: renewals(slow) >= before + 2)
    assert server.poll() is None


def test_an_end_that_was_recorded_though_the_answer_got_lost_is_our_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = due_job()
    answers = iter([OperationalError("server closed the connection unexpectedly")])
    real = record._write

    def write(*args: Any) -> Any:
        written = real(*args)
        for error in answers:
            raise error
        return written

    monkeypatch.setattr(record, "_write", write)

    ended = run_due()

    log = run_of(job)
    assert (log.status, log.late_outcome) == ("succeeded", None)
    assert [one.outcome.status for one in ended] == ["succeeded"]


@pytest.mark.breaks_invariants("another host's claim is only played")
def test_the_end_of_a_run_that_is_somebody_elses_is_announced_by_them_alone(
    settings: Settings,
) -> None:
    settings.CHRONIKER_RENEW_SECONDS = 0.1
    due_job("sleep_for", "60")
    told: list[str] = []

    def tell(sentence: str) -> None:
        told.append(sentence)
        Job.objects.update(claim_token="f" * 32)

    ended = Supervisor("default", tell=tell).run_once(Selection())

    assert ended == []
    assert len(told) == 1
    assert "started" in told[0]


def test_two_signals_at_once_leave_a_job_its_time_to_end(manage: Manage) -> None:
    handler = "lambda *_: (time.sleep(.3), print('clean'), sys.exit(0))"
    code = f"signal.signal(signal.SIGTERM, {handler}); print('ready', flush=True); time.sleep(60)"
    code = f"import signal,sys,time; {code}"
    due_job("", raw_command=python(code))
    cron = manage.start("cron")
    wait_until(printed_so_far)

    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
        cron.send_signal(number)

    log = wait_until(lambda: Log.objects.ended().first())
    assert (log.status, log.stdout) == ("stopped", "ready\nclean\n")


def test_a_paused_scheduler_renews_its_claims_before_it_gives_them_up(manage: Manage) -> None:
    # Ended is a run whose claim was not renewed for 2 s; but its lease goes on for 6 s more.
    manage.set(CHRONIKER_LOCK_TIMEOUT=8, CHRONIKER_KILL_GRACE_SECONDS=1, CHRONIKER_RENEW_SECONDS=1)
    job = due_job("sleep_for", "60")
    cron = manage.start("cron")
    wait_until(printed_so_far)

    cron.send_signal(signal.SIGSTOP)
    process = psutil.Process(Spool.of(Job.objects.get().lock_file).read_process())
    process.suspend()  # for it would end by itself, as its scheduler is silent
    paused, before = uptime(), renewals(job)
    wait_until(lambda: uptime() - paused > 3.3)
    cron.send_signal(signal.SIGCONT)
    process.resume()

    wait_until(lambda: renewals(job) > before + 1)
    assert Log.objects.get().status == "running"


def test_a_process_stays_the_same_when_the_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    me = (os.getpid(), processes.created(os.getpid()))
    real = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: real(self) + 1)

    assert me[1] is not None
    assert processes.is_alive(me[0], me[1])


def test_a_message_that_hangs_is_given_up(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHRONIKER_JOB_ERROR_CALLBACK = "anything"
    monkeypatch.setattr("chroniker.notifications.sender.SECONDS", 1)
    monkeypatch.setattr("chroniker.notifications.sender.send_due", lambda *_: signal.pause())
    due_job("fail")

    run_due()  # which ends only after its messengers

    assert "the sender ended early: status -14" in caplog.text


# In the job's process


def test_the_status_of_a_program_a_command_called_is_not_the_commands_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(-9, ["rsync"])

    monkeypatch.setattr("test_project.samples.management.commands.succeed.Command.handle", fail)
    job = due_job()

    run_due()

    log = run_of(job)
    assert (log.status, log.exit_code, log.reason) == ("failed", 1, "exited with status 1")


def test_what_a_killed_python_program_printed_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    job = due_job("", raw_command=python("import os; print('kept'); os.kill(os.getpid(), 9)"))

    run_due()

    assert run_of(job).stdout == "kept\n"


def test_streams_are_the_spools_even_if_stdin_was_closed() -> None:
    spool = Spool.of(lock_file_of("a" * 32))
    lock = spool.create(os.getpid(), None)
    code = (
        "import os, sys; from chroniker.runs import child; from chroniker.runs.spool import Spool;"
        "os.close(0); child.take_streams(Spool.of(sys.argv[1]), int(sys.argv[2]));"
        "print('said'); print('complained', file=sys.stderr); print(sys.stdin.read() == '')"
    )
    words = [sys.executable, "-c", code, str(spool.heartbeat), str(lock)]

    subprocess.run(words, cwd=ROOT, pass_fds=[lock], timeout=30, check=True)
    os.close(lock)

    assert spool.stdout.read_text() == "said\nTrue\n"
    assert spool.stderr.read_text() == "complained\n"
    spool.remove()
