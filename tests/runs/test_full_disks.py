"""A full disk, or an emptied spool, costs output at most: no run is ended, lost or doubled."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pytest_django import Settings

from chroniker.models import Job, Log
from chroniker.runs import child
from chroniker.runs.spool import Result, Spool, lock_file_of
from tests.running import Manage, due_job, is_alive, printed_so_far, run_due, run_of, wait_until

SMALL = 1024 * 1024


@pytest.fixture
def small_disk(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """A spool on a disk of its own, of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=700", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(words, check=False, stderr=-3).returncode:
        pytest.skip("only root can mount a small disk")
    settings.CHRONIKER_SPOOL_DIR = str(folder)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leave no room on it."""
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_what_the_disk_does_not_take_is_counted_and_ends_nobody() -> None:
    file = child.NoticingFile("/dev/full", "w")
    stream = child.text_stream(file)

    print("lost", file=stream)
    print("as well", file=stream)

    assert file.unwritten == len("lost\nas well\n")
    assert file.written is True
    stream.close()


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("here", [False, True], ids=["own process", "caller's process"])
@pytest.mark.usefixtures("small_disk")
def test_a_command_that_prints_more_than_the_disk_takes_goes_on(here: bool) -> None:
    job = due_job("print_lines", "100000 --width 20")

    run_due(sync=here)

    log = run_of(job)
    assert (log.status, log.output_truncated) == ("succeeded", True)
    assert log.stdout.startswith("line 1......")
    assert log.stdout.endswith(" bytes could not be written to the disk …]\n")


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_run_that_finds_the_disk_full_says_so_and_runs_again_in_its_time(
    small_disk: Path,
) -> None:
    fill(small_disk)
    job = due_job()
    due = job.next_run

    run_due()

    log = run_of(job)
    assert log.status == "failed"
    assert "No space left on device" in (log.reason or "")
    job.refresh_from_db()
    assert job.is_running is False
    assert due is not None
    assert job.next_run is not None
    assert job.next_run > due


def test_how_a_run_ended_has_its_room_on_a_full_disk(small_disk: Path) -> None:
    spool = Spool.of(lock_file_of("a" * 32))
    os.close(spool.create(os.getpid(), None))
    fill(small_disk)

    spool.write_result(Result(exit_code=3, complained=True, unwritten=(7, 0)))
    assert spool.read_result() == Result(exit_code=3, complained=True, unwritten=(7, 0))

    spool.write_verdict(Result(exit_code=None, status="stopped", reason="ü" * 5000))
    assert spool.read_result() == Result(
        exit_code=3, status="stopped", reason="ü" * 300, unwritten=(7, 0)
    )


@pytest.fixture
def printing_job(manage: Manage, tmp_path: Path) -> Job:
    """A job that prints its pid and, once told to go on, a last word."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, time\n"
        "print(os.getppid(), flush=True)\n"
        f"while not os.path.exists({str(tmp_path / 'go')!r}):\n"
        "    time.sleep(0.05)\n"
        "print('end')\n"
    )
    return due_job("", raw_command=f"{sys.executable} {program}")


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheduler", ["lives", "killed"])
def test_what_is_printed_after_the_spool_was_emptied_is_kept_too(
    manage: Manage, printing_job: Job, tmp_path: Path, scheduler: str
) -> None:
    if scheduler == "killed" and sys.platform != "linux":
        pytest.skip("a removed file can be opened again on Linux only")
    cron = manage.start("cron")
    pid = int(wait_until(printed_so_far))
    wait_until(lambda: Log.objects.filter(pid=pid))

    shutil.rmtree(Spool.of(Job.objects.get().lock_file).folder)
    if scheduler == "killed":
        cron.send_signal(signal.SIGKILL)
        wait_until(lambda: not is_alive(cron.pid))
    (tmp_path / "go").touch()

    log = wait_until(lambda: Log.objects.ended().first())
    assert (log.status, log.stdout) == ("succeeded", f"{pid}\nend\n")
    run_due()
    assert Log.objects.count() == 1
    assert Job.objects.get().is_running is False


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_run_whose_lock_file_was_removed_is_not_over_before_its_children_are(
    manage: Manage, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    go.touch()
    due_job("leave_child", str(go))
    manage.set(CHRONIKER_RENEW_SECONDS=1)
    manage.start("cron")
    left = int(wait_until(printed_so_far).split()[0])
    spool = Spool.of(Job.objects.get().lock_file)
    spool.heartbeat.unlink(missing_ok=True)
    wait_until(lambda: spool.read_result() is not None)
    renewed = Job.objects.get().heartbeat_count
    wait_until(lambda: Job.objects.get().heartbeat_count > renewed or Log.objects.ended().exists())

    assert is_alive(left)
    assert Log.objects.get().status == "running"

    os.kill(left, signal.SIGKILL)
    assert wait_until(lambda: Log.objects.ended().first()).status == "succeeded"
