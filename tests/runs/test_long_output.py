"""A job that prints without end fills neither the disk nor the scheduler's memory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest
from pytest_django import Settings

from chroniker.runs import capture, printed
from chroniker.runs.masking import Masking
from chroniker.runs.printed import Printed
from chroniker.runs.spool import Spool, lock_file_of
from tests.running import Manage, due_job, run_of, wait_until

LIMIT = 1_000_000
PARTS, LINES, WIDTH = 3, 20, 1_000_000

# Waits after each part until the disk has it back, so that this test measures no speed.
FLOOD = f"""
import os, time
for part in range({PARTS}):
    for line in range({LINES}):
        os.write(1, (b'%d-%d ' % (part, line)).ljust({WIDTH} - 1, b'.') + b'\\n')
    end = time.monotonic() + 40
    while os.fstat(1).st_blocks * 512 > 8_000_000:
        assert time.monotonic() < end, 'the disk still holds it'
        time.sleep(0.05)
"""


def whole() -> bytes:
    """All that the flood prints."""
    lines = ((part, line) for part in range(PARTS) for line in range(LINES))
    return b"".join((b"%d-%d " % one).ljust(WIDTH - 1, b".") + b"\n" for one in lines)


def folder(token: str, stdout: bytes = b"") -> Spool:
    """A run's folder, with what it has printed."""
    spool = Spool.of(lock_file_of(token * 32))
    os.close(spool.create(os.getpid(), None))
    spool.stdout.write_bytes(stdout)
    return spool


def text_of(spool: Spool) -> str:
    """What would be stored of it."""
    return capture.read_all(
        Printed(spool), stdout=True, stderr=True, masking=Masking("", spool), limit=LIMIT
    ).stdout


def on_disk(spool: Spool) -> int:
    """How many bytes of the disk its output takes."""
    return spool.stdout.stat().st_blocks * 512


@pytest.fixture
def punches_holes(tmp_path: Path) -> None:
    """The file system can do it, or the test is skipped."""
    file = tmp_path / "a file"
    file.write_bytes(b"x" * 8192)
    with file.open("r+b") as stream:
        if sys.platform != "linux" or not printed._punch_hole(stream.fileno(), 0, 4096):
            pytest.skip("the file system punches no holes")


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("punches_holes")
def test_a_flood_is_bounded_on_disk_and_in_memory_and_head_and_tail_stay_the_same(
    manage: Manage, tmp_path: Path
) -> None:
    manage.set(CHRONIKER_MAX_OUTPUT_BYTES=LIMIT)
    program = tmp_path / "flood.py"
    program.write_text(FLOOD)
    job = due_job("", raw_command=f"{sys.executable} {program}")
    cron = psutil.Process(manage.start("cron").pid)
    memory: list[int] = []

    def ended() -> bool:
        if job.logs.ended().exists():
            return True
        if job.logs.exists():  # before, it imports what it needs
            memory.append(cron.memory_info().rss)
        return False

    wait_until(ended, seconds=150)

    log = run_of(job)
    assert (log.status, log.stderr) == ("succeeded", "")
    compared = folder("e", whole())
    same = log.stdout == text_of(compared)
    compared.remove()
    assert same, f"{len(log.stdout)} characters, {log.stdout[:20]!r} to {log.stdout[-20:]!r}"
    assert max(memory) - min(memory) < 20_000_000, [one // 1_000_000 for one in memory]


@pytest.mark.usefixtures("punches_holes")
def test_a_hole_changes_nothing_of_what_is_stored_and_nothing_that_follows(
    settings: Settings,
) -> None:
    settings.CHRONIKER_MAX_OUTPUT_BYTES = LIMIT
    lines = b"".join(b"line %d\n" % number for number in range(500_000))
    free, kept = folder("f", lines), folder("e", lines)
    streams = Printed(free)

    capture.free_what_is_left_out(streams)
    freed = on_disk(free)
    for spool in (free, kept):
        with spool.stdout.open("ab") as stream:
            stream.write(lines)
    capture.free_what_is_left_out(streams)
    streams.close()

    assert text_of(free) == text_of(kept)
    assert free.stdout.stat().st_size == kept.stdout.stat().st_size
    assert freed < LIMIT + printed.WORTHWHILE_BYTES
    assert on_disk(free) < LIMIT + printed.WORTHWHILE_BYTES < on_disk(kept)


def test_where_no_hole_can_be_made_all_stays_and_it_is_not_tried_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHRONIKER_MAX_OUTPUT_BYTES = LIMIT
    tried: list[int] = []

    def refused(*_: int) -> bool:
        tried.append(1)
        return False

    monkeypatch.setattr(printed, "_punch_hole", refused)
    spool = folder("f", b"x" * 5_000_000)
    streams = Printed(spool)

    for _ in range(3):
        capture.free_what_is_left_out(streams)
    streams.close()

    assert len(tried) == 1
    assert spool.stdout.read_bytes() == b"x" * 5_000_000


def test_a_file_that_took_the_place_of_a_closed_one_is_left_alone(
    settings: Settings, tmp_path: Path
) -> None:
    settings.CHRONIKER_MAX_OUTPUT_BYTES = LIMIT
    spool = folder("f", b"x" * 5_000_000)
    streams = Printed(spool)
    number = streams.stdout.descriptor
    assert number is not None
    other = tmp_path / "a file of the job's"
    other.write_bytes(b"y" * 5_000_000)
    with other.open("r+b") as stream:
        os.dup2(stream.fileno(), number)  # as a job may, in whose process this is

    capture.free_what_is_left_out(streams)
    masking = Masking("", spool)
    text = capture.read_all(streams, stdout=True, stderr=False, masking=masking).stdout
    streams.close()

    os.close(number)  # still open
    assert other.read_bytes() == b"y" * 5_000_000
    assert text == "[output could not be read: Bad file descriptor]\n"
