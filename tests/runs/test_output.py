"""What a run prints is kept: every byte that can be, from every level, while it runs and after."""

from __future__ import annotations

import sys

import pytest
from pytest_django import Settings

from chroniker.models import Log
from tests.running import Manage, due_job, run_due, run_of, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def test_all_of_unicode_is_kept() -> None:
    job = due_job("talk_unicode")

    run_due()

    assert run_of(job).stdout.splitlines()[2:4] == ["こんにちは世界", "مرحبا بالعالم"]
    assert "🚀" in run_of(job).stdout


def test_output_of_a_program_that_the_command_starts_is_kept() -> None:
    job = due_job("start_program")

    run_due()

    assert "Said by the program." in run_of(job).stdout


def test_bytes_that_are_no_text_show_as_escapes() -> None:
    code = r"import os; os.write(1, b'a\x00b\xff\n')"
    job = due_job("", raw_command=f'{sys.executable} -c "{code}"')

    run_due()

    assert run_of(job).stdout == "a\u2400b\\xff\n"


def test_streams_that_are_not_wanted_are_not_kept() -> None:
    job = due_job("print_lines", "2 --stderr", log_stdout=False, log_stderr=False)

    run_due()

    assert (run_of(job).stdout, run_of(job).stderr) == ("", "")
    assert run_of(job).reason == "wrote to stderr"


def test_of_long_output_head_and_tail_are_kept_and_the_gap_is_marked(
    settings: Settings,
) -> None:
    settings.CHRONIKER_MAX_OUTPUT_BYTES = 1000
    job = due_job("print_lines", "1000")

    run_due()

    log = run_of(job)
    lines = log.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("line 1", "line 1000")
    whole = sum(len(f"line {number}\n") for number in range(1, 1001))
    marker = next(line for line in lines if line.startswith("[…"))
    kept = sum(len(f"{line}\n") for line in lines if line.startswith("line"))
    assert marker == f"[… {whole - kept:,} bytes left out …]"
    assert log.output_truncated is True


def test_records_of_the_logging_module_are_kept_once() -> None:
    job = due_job("write_log_records")

    run_due()

    text = run_of(job).stdout + run_of(job).stderr
    records = [line for line in text.splitlines() if "INFO" in line or "WARNING" in line]
    assert records
    assert len(records) == len(set(records))


def test_output_and_progress_show_while_the_run_goes_on(manage: Manage) -> None:
    due_job("report_progress", "200 --pause 0.05")
    server = manage.start("cron")

    def shown() -> bool:
        log = Log.objects.select_related("job").first()
        return bool(log and log.job.total_parts == 200 and 0 < log.job.total_parts_complete < 200)

    wait_until(shown)
    assert server.poll() is None


def test_what_was_printed_before_a_kill_is_kept() -> None:
    job = due_job("die_by_signal")

    run_due()

    assert run_of(job).stdout == "Going by SIGKILL.\n"


def test_the_spool_is_empty_once_all_is_recorded(spool_dir: object) -> None:
    from pathlib import Path

    due_job("print_lines", "10")
    run_due()

    assert list(Path(str(spool_dir)).iterdir()) == []
