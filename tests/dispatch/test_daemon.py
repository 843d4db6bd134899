"""Processes of the scheduler over time: their number, their memory, their code and their lock."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connections

from chroniker.dispatch.only_one import only_one
from chroniker.exceptions import SpoolError
from chroniker.models import Log
from tests.running import ROOT, Manage, due_job, is_alive, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

EXECUTOR = """
from pathlib import Path
from chroniker.executors.local import LocalExecutor

class Executor(LocalExecutor):
    def launch(self, run):
        with Path({file!r}).open("a") as file:
            file.write("{word} ")
        super().launch(run)
"""


def wait_until_it_says(words: bytes, process: subprocess.Popen[str]) -> None:
    """Wait for these words, and for none that never come."""
    assert process.stdout is not None
    output, heard = process.stdout.fileno(), bytearray()
    os.set_blocking(output, False)

    def is_said() -> bool:
        with suppress(BlockingIOError):
            heard.extend(os.read(output, 4096))
        return words in heard

    wait_until(is_said, seconds=60)


def test_a_hangup_picks_up_new_code_and_keeps_the_runs(
    manage: Manage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, module = tmp_path / "said", tmp_path / "code_of_the_project.py"
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    manage.set(CHRONIKER_EXECUTOR="code_of_the_project.Executor")
    module.write_text(EXECUTOR.format(file=str(said), word="old"))
    due_job("sleep_for", "60", name="long")
    server = manage.start("cronserver", "1", path=tmp_path)
    pid = wait_until(lambda: Log.objects.running().values_list("pid", flat=True).first())

    module.write_text(EXECUTOR.format(file=str(said), word="new"))
    server.send_signal(signal.SIGHUP)
    wait_until_it_says(b"goes on", server)
    due_job(name="short")
    wait_until(Log.objects.filter(job__name="short").ended().exists)

    assert said.read_text() == "old new "
    assert is_alive(pid)
    assert Log.objects.running().get().job.name == "long"
    server.send_signal(signal.SIGTERM)
    assert server.wait(120) == 0
    assert Log.objects.get(job__name="long").status == "stopped"


def test_there_are_never_more_waiting_crons_than_runs(manage: Manage) -> None:
    for name in ("one", "two"):
        due_job("sleep_for", "60", name=name)
        manage.start("cron")
        wait_until(lambda name=name: Log.objects.running().filter(job__name=name).exists())  # type: ignore[misc]

    later = [manage.start("cron") for _ in range(4)]

    assert [process.wait(120) for process in later] == [0] * 4
    assert Log.objects.running().count() == 2


PASSES = """
import django, psutil
django.setup()
from chroniker.dispatch.supervisor import Supervisor
from chroniker.dispatch.line import Selection
from chroniker.models import Job, Log
supervisor = Supervisor("default")

def passes(number, runs):
    for turn in range(number):
        if turn < runs:
            Job.objects.update(force_run=True)
        supervisor.ended.clear()
        supervisor.run_once(Selection())
        supervisor._tick_when_due()
    return psutil.Process().memory_info().rss

before = passes(40, 10)
print(passes(200, 10) - before, Log.objects.count())
"""


@pytest.mark.thorough
def test_hundreds_of_passes_take_no_more_memory_than_some(manage: Manage) -> None:
    due_job(frequency="MANUAL")
    connections.close_all()

    done = subprocess.run(
        [sys.executable, "-c", PASSES],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "test_project.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    grown, runs = map(int, done.stdout.split())
    assert runs == 20
    assert grown < 1_000_000  # a single leaked object of 4 kB in each pass would show


def test_of_many_crons_at_once_only_one_gets_the_pid_file(manage: Manage, spool_dir: Path) -> None:
    manage.set(CHRONIKER_USE_PID=True)
    due_job("sleep_for", "60")

    crons = [manage.start("cron", "-v", "2") for _ in range(5)]
    wait_until(lambda: sum(cron.poll() is not None for cron in crons) == 4, seconds=60)
    (worker,) = [cron for cron in crons if cron.poll() is None]

    assert (spool_dir / "cron.pid").read_text() == f"{worker.pid}\n"
    assert stat.S_IMODE(spool_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((spool_dir / "cron.pid").stat().st_mode) == 0o600
    said = [cron.communicate()[0] for cron in crons if cron is not worker]
    assert all("Another cron is at work" in one for one in said)


def test_a_job_that_outlives_its_cron_keeps_no_other_from_working(manage: Manage) -> None:
    manage.set(CHRONIKER_USE_PID=True)
    due_job("sleep_for", "60", name="long")
    first = manage.start("cron")
    pid = wait_until(lambda: Log.objects.running().values_list("pid", flat=True).first())
    first.kill()
    first.communicate()
    due_job(name="short")

    done = manage("cron")

    assert (done.returncode, done.stderr) == (0, "")
    assert Log.objects.get(job__name="short").status == "succeeded"
    assert is_alive(pid)
    assert Log.objects.get(job__name="long").status == "running"
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("kind", ["link", "folder of others"])
def test_a_pid_file_that_others_could_have_put_there_is_refused(
    kind: str, spool_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chroniker.settings.CHRONIKER_USE_PID", True)
    spool_dir.mkdir(mode=0o700)
    (tmp_path / "precious").write_text("precious")
    if kind == "link":
        (spool_dir / "cron.pid").symlink_to(tmp_path / "precious")
    else:
        spool_dir.chmod(0o777)

    with pytest.raises(SpoolError), only_one():
        pass

    assert (tmp_path / "precious").read_text() == "precious"
