"""What differs between two texts."""

from __future__ import annotations

import random

import pytest

from chroniker.admin.comparison import LINES, Comparison, Kind, compare


def text(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def changes(found: Comparison) -> list[tuple[str, str]]:
    """The lines that are in one of the texts only."""
    rows = (row for passage in found.passages for row in passage.rows)
    return [(row.kind.value, row.text) for row in rows if row.kind != Kind.BOTH]


def test_lines_are_told_that_are_in_one_text_only() -> None:
    found = compare(text("a", "b", "c"), text("a", "x", "c", "d"), exact=True)
    assert changes(found) == [("first", "b"), ("second", "x"), ("second", "d")]


def test_only_a_few_lines_around_a_difference_are_shown() -> None:
    before = [f"line {number}" for number in range(100)]
    after = [*before[:50], "changed", *before[51:90], *before[91:]]
    first, second = compare(text(*before), text(*after), exact=True).passages
    assert (first.left_out, first.rows[0].text, first.rows[-1].text) == (47, "line 47", "line 53")
    assert (second.left_out, second.rows[0].text) == (33, "line 87")


def test_equal_texts_have_no_differences() -> None:
    assert compare(text("a", "b"), "a\nb", exact=True) == Comparison((), is_of_ends=False)
    assert compare("", "", exact=True).passages == ()


def test_colours_do_not_count() -> None:
    assert compare("\x1b[31ma\x1b[0m\n", "a\n", exact=True).passages == ()


SAME_IN_MEANING = [
    ("2026-11-21 03:00:00 done", "2026-11-22 03:00:07 done"),
    ("2026-11-21T03:00:00.123456Z done", "2026-11-22T03:00:07.5+01:00 done"),
    ("[03:00:00,123] done", "[04:01:59,001] done"),
    ("took 12.3 s", "took 4.0s"),
    ("took 900 ms", "took 12 ms"),
    ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-e89b-12d3-a456-426614174001"),
    ("at 0x7f9c2c1b5d30", "at 0x7f0000000000"),
    ("commit deadbee1", "commit cafe0123"),
    ("worker pid=312", "worker pid=99"),
]


@pytest.mark.parametrize(("before", "after"), SAME_IN_MEANING)
def test_times_and_ids_only_count_if_wished(before: str, after: str) -> None:
    assert compare(before, after, exact=False).passages == ()
    assert changes(compare(before, after, exact=True)) == [("first", before), ("second", after)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("5000 rows imported", "0 rows imported"),
        ("accessed", "acceeded"),
        ("version 1.2", "version 1.3"),
        ("done 2026-11-21", "failed 2026-11-21"),
    ],
)
def test_other_numbers_and_words_count(before: str, after: str) -> None:
    assert changes(compare(before, after, exact=False))


def test_a_line_that_is_the_same_but_for_its_time_is_shown_as_it_is_now() -> None:
    found = compare(text("03:00 a", "b"), text("04:00 a", "c"), exact=False)
    assert [row.text for row in found.passages[0].rows] == ["04:00 a", "b", "c"]


def test_only_the_ends_of_long_texts_are_compared() -> None:
    long = "old\n" * 10 + "same\n" * LINES
    found = compare(long, "new\n" * 10 + "same\n" * LINES, exact=True)
    assert found == Comparison((), is_of_ends=True)
    assert not compare(text(*["x"] * LINES), text("x"), exact=True).is_of_ends


@pytest.mark.parametrize("kinds", [1, 2, 10, 60, 95, 110, 300, 10_000])
def test_no_texts_take_long_to_compare(kinds: int) -> None:
    """Else this would take minutes."""
    chance = random.Random(kinds)  # noqa: S311 - the same in each test run
    before, after = (
        text(*(str(chance.randrange(kinds)) for _line in range(3 * LINES))) for _text in range(2)
    )
    compare(before, after, exact=False)


def test_a_long_line_takes_no_long_time() -> None:
    for piece in ("1", "a1", "0x", "12:", "2026-", "1 ", "deadbeef", "pid ", "1.", "a", "-"):
        compare(piece * 30_000, f"{piece * 30_000}!", exact=False)
