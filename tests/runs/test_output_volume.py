"""Much output: nothing of it is lost or displaced, and what is left out is said to be."""

from __future__ import annotations

import re

import pytest
from pytest_django import Settings

from chroniker.constants import Trigger
from chroniker.dispatch import recovery
from chroniker.dispatch.claim import claim
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from tests.running import due_job, run_due, run_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

LINES = 200_000


def printed(first: int, last: int) -> str:
    """What ``print_lines`` prints from one number to another."""
    return "".join(f"line {number}\n" for number in range(first, last + 1))


def test_every_line_of_a_long_output_is_kept_and_in_order() -> None:
    job = due_job("print_lines", str(LINES))

    run_due()

    log = run_of(job)
    # Not "==" in the assertion itself: pytest would explain millions of characters.
    whole = log.stdout == printed(1, LINES)
    assert whole, f"{log.stdout.count(chr(10))} lines, the last is {log.stdout[-20:]!r}"
    assert (log.status, log.output_truncated) == ("succeeded", False)


def test_two_streams_written_in_turns_are_each_in_order() -> None:
    job = due_job("print_lines", f"{LINES} --stderr", stderr_is_failure=False)

    run_due()

    log = run_of(job)
    in_order = [stream == printed(1, LINES) for stream in (log.stdout, log.stderr)]
    assert in_order == [True, True]


def test_of_output_beyond_the_limit_whole_lines_of_head_and_tail_are_kept(
    settings: Settings,
) -> None:
    settings.CHRONIKER_MAX_OUTPUT_BYTES = 100_000
    job = due_job("print_lines", str(LINES))

    run_due()

    log = run_of(job)
    head, gap, tail = re.split(r"\n\[… ([\d,]+) bytes left out …\]\n\n", log.stdout)
    last_of_head = head.count("\n")
    first_of_tail = LINES - tail.count("\n") + 1
    kept = [head == printed(1, last_of_head), tail == printed(first_of_tail, LINES)]
    assert kept == [True, True]
    assert int(gap.replace(",", "")) == len(printed(last_of_head + 1, first_of_tail - 1))
    assert 99_000 < len(head) + len(tail) <= 100_000
    assert log.output_truncated is True


def test_what_was_published_stays_when_the_spool_is_out_of_reach() -> None:
    job, now = due_job(), database_now("default")
    run = claim(
        job, now, trigger=Trigger.SCHEDULE, lock_file_of=lambda token: f"/away/{token}/heartbeat"
    )
    assert run is not None
    Log.objects.update(stdout="so far\n")

    recovery.close_lost(Job.objects.get(), now)

    log = run_of(job)
    assert (log.status, log.stdout, log.output_truncated) == ("lost", "so far\n", False)
