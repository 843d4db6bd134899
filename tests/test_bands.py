"""What is usual for a job, and what is not: pure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chroniker.expectations import band
from chroniker.expectations.band import NOTHING_KNOWN, Band

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def test_a_band_leaves_out_the_twentieth_part_at_either_end() -> None:
    known = Band.of([1, *[60] * 18, 9000])
    assert (known.shortest, known.median, known.longest) == (MINUTE, MINUTE, MINUTE)
    assert known.runs == 20


def test_the_order_of_runs_does_not_matter() -> None:
    assert Band.of([3, 1, 2], [5, 4]) == Band.of([1, 2, 3], [4, 5])


def test_without_runs_nothing_is_known() -> None:
    assert Band.of([]) == NOTHING_KNOWN


def test_one_outage_in_ten_is_not_learned_from() -> None:
    assert Band.of([], [1] * 18 + [7200] * 2).lateness == SECOND
    assert Band.of([], [1] * 17 + [7200] * 3).lateness == 7200 * SECOND


@pytest.mark.parametrize(
    ("asked", "latenesses", "allowed"),
    [
        (None, [], 15 * MINUTE),
        (None, [1] * 9, 15 * MINUTE),
        (None, [1] * 10, 5 * MINUTE),
        (None, [2400] * 10, 60 * MINUTE),
        (90, [2400] * 10, 90 * SECOND),
        (0, [2400] * 10, None),
    ],
)
def test_the_grace_is_what_is_asked_or_learned(
    asked: int | None, latenesses: list[float], allowed: timedelta | None
) -> None:
    assert band.grace(asked, Band.of([], latenesses), learns=True) == allowed


@pytest.mark.parametrize(
    ("asked", "lengths", "allowed"),
    [
        (None, [600] * 9, None),
        (None, [600] * 10, 20 * MINUTE),
        (None, [1] * 10, 5 * MINUTE),
        (30, [600] * 10, 30 * SECOND),
        (30, [], 30 * SECOND),
        (0, [600] * 10, None),
    ],
)
def test_a_run_is_too_long_beyond_what_is_asked_or_twice_the_usual(
    asked: int | None, lengths: list[float], allowed: timedelta | None
) -> None:
    assert band.longest(asked, Band.of(lengths), learns=True) == allowed


@pytest.mark.parametrize(
    ("asked", "lengths", "least"),
    [
        (None, [600] * 9, None),
        (None, [600] * 10, 150 * SECOND),
        (None, [59] * 10, None),
        (None, [10] * 4 + [600] * 16, 2.5 * SECOND),
        (30, [], 30 * SECOND),
        (0, [600] * 10, None),
    ],
)
def test_a_run_is_too_short_below_what_is_asked_or_a_quarter_of_the_usual(
    asked: int | None, lengths: list[float], least: timedelta | None
) -> None:
    assert band.shortest(asked, Band.of(lengths), learns=True) == least


def test_what_does_not_learn_judges_only_by_what_is_asked() -> None:
    known = Band.of([600] * 20, [60] * 20)
    for judge in (band.grace, band.longest, band.shortest):
        assert judge(None, known, learns=False) is None
        assert judge(7, known, learns=False) == 7 * SECOND
