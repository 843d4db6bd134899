"""Code knows the run that it is part of, and can say how far it has come."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

import chroniker
from chroniker.context import MAX_PARTS, CurrentRun, Progress, get_current_run, running, track


def job_id() -> int | None:
    run = get_current_run()
    return None if run is None else run.job_id


def in_a_thread(function: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result(timeout=30)


def test_outside_of_a_run_there_is_none() -> None:
    assert get_current_run() is None


def test_code_inside_a_run_knows_it() -> None:
    with running(CurrentRun(job_id=7, run_id=8)) as run:
        assert get_current_run() is run
    assert get_current_run() is None


def test_threads_that_a_run_starts_know_it() -> None:
    with running(CurrentRun(job_id=7)):
        assert in_a_thread(job_id) == 7
    assert in_a_thread(job_id) is None


def test_after_an_inner_run_the_outer_one_is_back_also_for_threads() -> None:
    seen = []
    with running(CurrentRun(job_id=1)):
        with running(CurrentRun(job_id=2)):
            seen.append((job_id(), in_a_thread(job_id)))
        seen.append((job_id(), in_a_thread(job_id)))

    assert seen == [(2, 2), (1, 1)]


def fail_inside_a_run() -> None:
    with running(CurrentRun(job_id=7)):
        raise RuntimeError


def test_a_run_that_fails_is_over() -> None:
    with pytest.raises(RuntimeError):
        fail_inside_a_run()

    assert get_current_run() is None


def test_runs_in_different_threads_are_not_mixed_up() -> None:
    both_run, all_looked = threading.Barrier(3), threading.Barrier(3)

    def run(number: int) -> tuple[int | None, int | None]:
        with running(CurrentRun(job_id=number)):
            both_run.wait(30)
            seen = job_id(), in_a_thread(job_id)
            all_looked.wait(30)
            return seen

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run, number) for number in (1, 2)]
        both_run.wait(30)
        stranger = job_id()
        all_looked.wait(30)
        seen = [one.result(timeout=30) for one in runs]

    # A thread that belongs to either run could as well belong to the other.
    assert seen == [(1, None), (2, None)]
    assert stranger is None


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_process_knows_the_run_of_its_parent() -> None:
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    with running(CurrentRun(job_id=7)):
        child = context.Process(target=lambda: answers.put((job_id(), in_a_thread(job_id))))
        child.start()
        child.join(30)

    assert answers.get() == (7, 7)


def test_progress_starts_with_nothing_known() -> None:
    progress = Progress()

    assert progress.snapshot() == (0, 0)
    assert progress.changed == 0


def test_progress_keeps_the_last_report() -> None:
    progress = Progress()
    progress.set(10, 1)
    progress.set(10, 2)

    assert (progress.total, progress.complete) == (10, 2)
    assert progress.snapshot() == (10, 2)


def test_each_report_is_a_change() -> None:
    progress = Progress()
    seen = {progress.changed}
    for _ in range(3):
        progress.set(10, 2)
        seen.add(progress.changed)

    assert len(seen) == 4


def test_a_report_from_many_threads_is_never_half_of_one_and_half_of_another() -> None:
    progress, stop = Progress(), threading.Event()

    def report(number: int) -> None:
        while not stop.is_set():
            progress.set(number, number)

    with ThreadPoolExecutor(3) as pool:
        for number in (1, 20, 300):
            pool.submit(report, number)
        snapshots = {progress.snapshot() for _ in range(20_000)}
        stop.set()

    assert snapshots <= {(0, 0), (1, 1), (20, 20), (300, 300)}


def test_who_listens_hears_each_report() -> None:
    heard: list[tuple[int, int]] = []
    progress = Progress(on_change=lambda changed: heard.append(changed.snapshot()))
    progress.set(2, 1)
    progress.set(2, 2)

    assert heard == [(2, 1), (2, 2)]


@pytest.mark.parametrize(
    ("total", "complete", "stored"),
    [
        (10, 3, (10, 3)),
        (10, 11, (10, 10)),
        (0, 11, (0, 11)),
        (-1, -1, (0, 0)),
        (10.9, 2.9, (10, 2)),
        (10, float("nan"), (10, 0)),
        (float("inf"), float("-inf"), (MAX_PARTS, 0)),
        (10**30, 10**20, (MAX_PARTS, MAX_PARTS)),
        (Decimal("NaN"), Decimal("Infinity"), (0, MAX_PARTS)),
        ("10", "3", (10, 3)),
        ("many", None, (0, 0)),
        ([], object(), (0, 0)),
    ],
)
def test_whatever_is_reported_can_be_stored(
    total: object, complete: object, stored: tuple[int, int]
) -> None:
    progress = Progress()
    progress.set(total, complete)

    assert progress.snapshot() == stored


def tracked(items: Iterator[Any]) -> tuple[list[Any], list[tuple[int, int]]]:
    """Consume ``items`` inside of a run; return them and what was reported."""
    reports: list[tuple[int, int]] = []
    progress = Progress(on_change=lambda changed: reports.append(changed.snapshot()))
    with running(CurrentRun(job_id=7, progress=progress)):
        return list(items), reports


def test_track_takes_the_total_from_the_length() -> None:
    assert tracked(track("ab")) == (["a", "b"], [(2, 0), (2, 1), (2, 2)])


def test_track_takes_the_total_that_it_is_given() -> None:
    assert tracked(track(iter("ab"), total=4)) == (["a", "b"], [(4, 0), (4, 1), (4, 2)])


def test_track_counts_without_a_total() -> None:
    assert tracked(track(iter("ab"))) == (["a", "b"], [(0, 0), (0, 1), (0, 2)])


def test_track_does_without_a_length_that_cannot_be_told() -> None:
    class Endless:
        def __iter__(self) -> Iterator[int]:
            return iter([1])

        def __len__(self) -> int:
            raise TypeError("has no length today")

    assert tracked(track(Endless())) == ([1], [(0, 0), (0, 1)])


def test_an_item_counts_when_it_is_done_with() -> None:
    with running(CurrentRun(job_id=7)) as run:
        for item in track([1, 2, 3]):
            if item == 3:
                break

    assert run.progress.snapshot() == (3, 2)


def test_outside_of_a_run_track_only_passes_the_items_on() -> None:
    assert list(track(iter([1, 2]))) == [1, 2]


def test_the_package_offers_both_without_django() -> None:
    assert (chroniker.track, chroniker.get_current_run) == (track, get_current_run)
    check = "import chroniker, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
