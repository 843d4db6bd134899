"""What a timeline is computed of: windows, bars that are merged and stacked, and load."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from chroniker.admin.pages.bars import LEVELS, MOST_BARS, Runs, merged, stacked
from chroniker.admin.pages.load import PARTS, peaks
from chroniker.admin.pages.window import Window
from chroniker.constants import Status
from tests.examples import examples

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def window(query: str = "zoom=24h", now: datetime = NOW) -> Window:
    return Window.of(RequestFactory().get(f"/?{query}"), now)


def ran(
    start: float, length: float | None, status: Status = Status.SUCCEEDED, number: int = 0
) -> Runs:
    """A run that began so many seconds after the window, and went on for so long."""
    begin = window().start + start * SECOND
    return Runs(
        lane="job",
        job_id=1,
        status=status,
        begin=begin,
        end=None if length is None else begin + length * SECOND,
        log_id=number,
        last_begin=begin,
    )


def drawn(runs: list[Runs]) -> list[Runs]:
    return merged(runs, window().start, DAY, NOW)


lanes = st.lists(
    st.builds(
        ran,
        st.floats(0, 86_400),
        st.floats(0, 100) | st.floats(0, 50_000) | st.none(),
        st.sampled_from([Status.SUCCEEDED, Status.FAILED, Status.LOST]),
        st.integers(1, 10**6),
    ),
    max_size=300,
)

# Windows


@pytest.mark.parametrize("query", ["", "zoom=2y", "zoom=&at=", "at=-5", "at=²", "at=x", "by=%00"])
def test_an_address_that_makes_no_sense_shows_the_usual_window(query: str) -> None:
    shown = window(query)
    assert shown.follows
    assert shown.zoom.name == "6h"
    assert shown.start < NOW < shown.end


@pytest.mark.parametrize("at", ["0", "1", "999999999999"])
@pytest.mark.parametrize("zoom", ["1h", "6h", "24h", "7d"])
def test_any_start_in_the_calendar_can_be_asked_for(at: str, zoom: str) -> None:
    shown = window(f"zoom={zoom}&at={at}")
    assert not shown.follows
    assert not shown.shows_now
    assert shown.ticks()
    assert window(f"zoom={zoom}&at={shown.earlier()}").start <= shown.start
    assert window(f"zoom={zoom}&at={shown.later()}").start >= shown.start


def test_earlier_and_later_overlap_with_what_was_shown_by_half() -> None:
    shown = window()
    later = window(f"zoom=24h&at={shown.later()}")
    assert later.start == shown.start + DAY / 2
    assert window(f"zoom=24h&at={later.earlier()}").start == shown.start


@pytest.mark.parametrize(
    ("zoom", "zone", "expected"),
    [
        ("24h", "UTC", ["03:00", "06:00", "09:00", "15:00"]),
        ("24h", "Asia/Kathmandu", ["03:00", "06:00"]),
        ("1h", "UTC", ["11:20", "11:30", "11:40", "11:50"]),
        ("7d", "Europe/Berlin", ["Wed 18 Nov", "Sun 22 Nov"]),
    ],
)
def test_ticks_are_full_hours_on_the_viewers_clock(
    zoom: str, zone: str, expected: list[str]
) -> None:
    with timezone.override(ZoneInfo(zone)):
        words = [tick.words for tick in window(f"zoom={zoom}").ticks()]
    assert set(expected) <= set(words)


def test_no_tick_stands_where_now_stands() -> None:
    places = {tick.x: tick.words for tick in window("zoom=24h").ticks()}
    assert places["75.000%"] == ""


def test_on_the_day_clocks_go_back_the_ticks_still_say_what_clocks_show() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        shown = window("zoom=24h", datetime(2026, 10, 25, 12, tzinfo=UTC))
        assert [tick.words for tick in shown.ticks()][:5] == [
            *("21:00", "Sun 25 Oct", "03:00", "06:00", "09:00"),
        ]


# Bars


@examples(60)
@given(lanes)
def test_no_run_is_left_out_and_none_changes_its_state(runs: list[Runs]) -> None:
    counted: Counter[Status] = Counter()
    for bar in drawn(runs):
        counted[bar.status] += bar.count
    assert counted == Counter(run.status for run in runs)


@examples(60)
@given(lanes)
def test_there_are_never_more_bars_than_can_be_drawn(runs: list[Runs]) -> None:
    assert len(drawn(runs)) <= MOST_BARS


@examples(60)
@given(lanes)
def test_what_is_drawn_covers_what_has_run(runs: list[Runs]) -> None:
    bars = drawn(runs)
    for run in runs:
        alike = [bar for bar in bars if bar.status == run.status]
        assert any(b.begin <= run.begin and run.until(NOW) <= b.until(NOW) for b in alike)


def test_close_runs_become_one_bar_and_a_gap_stays_a_gap() -> None:
    close = [ran(start, 20, number=start) for start in (0, 40, 80)]
    bars = drawn([*close, ran(1500, 20, number=5)])
    assert [bar.count for bar in bars] == [3, 1]
    assert bars[0].log_id == 80
    assert bars[0].last_begin == close[-1].begin
    assert bars[0].end == close[-1].end


def test_a_failure_among_what_went_well_is_a_bar_of_its_own() -> None:
    runs = [ran(start, 20) for start in (0, 40, 120, 160)]
    bars = drawn([*runs, ran(80, 20, Status.FAILED)])
    assert [(bar.status, bar.count) for bar in bars] == [
        (Status.SUCCEEDED, 2),
        (Status.FAILED, 1),
        (Status.SUCCEEDED, 2),
    ]


def test_a_long_run_is_not_merged_with_what_runs_beside_it() -> None:
    bars = drawn([ran(0, 5000), ran(10, 5000)])
    assert [bar.count for bar in bars] == [1, 1]
    assert [placed.level for placed in stacked(bars, NOW)] == [0, 1]


@examples(60)
@given(lanes)
def test_bars_on_one_level_do_not_hide_each_other(runs: list[Runs]) -> None:
    placed = stacked(runs, NOW)
    assert len(placed) == len(runs)
    for level in range(LEVELS - 1):
        bars = [one.runs for one in placed if one.level == level]
        assert all(a.until(NOW) <= b.begin for a, b in pairwise(bars))


# Load


intervals = st.lists(
    st.tuples(st.integers(-50_000, 86_399), st.integers(0, 40_000)).map(
        lambda drawn: (
            window().start + drawn[0] * SECOND,
            window().start + (drawn[0] + drawn[1]) * SECOND,
        )
    ),
    max_size=12,
)


@examples(100)
@given(intervals)
def test_the_load_is_the_most_runs_that_share_a_moment(
    runs: list[tuple[datetime, datetime]],
) -> None:
    shown = window()
    found = peaks(runs, shown)
    width = shown.zoom.span / PARTS
    seen = [(begin, max(end, begin + datetime.resolution)) for begin, end in runs]
    for part in range(PARTS):
        begin, end = shown.start + part * width, shown.start + (part + 1) * width
        here = [run for run in seen if run[0] < end and begin < run[1]]
        moments = [begin, *(run[0] for run in here if run[0] >= begin)]
        expected = max(sum(run[0] <= moment < run[1] for run in here) for moment in moments)
        assert found[part] == expected


def test_runs_that_follow_each_other_are_not_at_once() -> None:
    start = window().start
    assert max(peaks([(start, start + SECOND), (start + SECOND, start + DAY)], window())) == 1


def test_no_two_of_some_runs_are_at_once_unless_they_overlap() -> None:
    start = window().start
    apart: list[Any] = [(start + i * SECOND, start + (i + 1) * SECOND) for i in range(5)]
    assert all(max(peaks(list(pair), window())) == 1 for pair in combinations(apart, 2))
