"""Following a text whose beginning goes as its end grows."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chroniker.admin import tail
from chroniker.terminal import Line


def text_of(lines: tuple[Line, ...]) -> str:
    return "\n".join("".join(span.text for span in line.spans) for line in lines)


class Reader:
    """Somebody who looks now and then, and keeps what is new."""

    def __init__(self) -> None:
        self.kept = ""
        self.open_line = ""
        self.mark = ""
        self.missed = 0

    def look(self, text: str) -> str:
        """Returns what this adds."""
        new = tail.added(text, self.mark)
        lines = text_of(new.lines)
        self.kept += lines
        self.open_line = text_of((new.open_line,))
        self.missed += new.missed
        self.mark = new.mark
        return lines

    @property
    def seen(self) -> str:
        return self.kept + self.open_line


def test_a_reader_gets_each_line_once() -> None:
    reader = Reader()
    assert reader.look("one\ntw") == "one\n"
    assert reader.open_line == "tw"
    assert reader.look("one\ntwo\n") == "two\n"
    assert reader.look("one\ntwo\n") == ""
    assert reader.look("one\ntwo\nthree\nfour") == "three\n"
    assert reader.seen == "one\ntwo\nthree\nfour"
    assert reader.missed == 1  # of the first look nobody knows what was before


def test_a_reader_of_a_text_that_has_lost_its_beginning_goes_on_where_it_was() -> None:
    lines = [f"line {number}\n" for number in range(1000)]
    reader = Reader()
    for end in range(300, 1000, 50):
        reader.look("".join(lines[end - 300 : end]))
    assert reader.seen == "".join(lines[:950])
    assert reader.missed == 1


def test_a_reader_of_whom_nothing_is_left_is_told_that_it_missed_something() -> None:
    reader = Reader()
    reader.look("one\ntwo\n")
    assert reader.look("five\nsix\n") == "five\nsix\n"
    assert reader.missed == 2


def test_the_last_of_equal_lines_is_where_a_reader_goes_on() -> None:
    reader = Reader()
    reader.look("begin\n" + "tick\n" * 300)
    assert reader.look("tick\n" * 300 + "new\n") == "new\n"


def test_a_colour_goes_on_in_what_is_added() -> None:
    text = "\x1b[31mone\n"
    first = tail.added(text, "")
    second = tail.added(text + "two\nthree", first.mark)
    assert [span.style.names for span in second.lines[0].spans] == [("red",)]
    assert second.open_line.spans[0].style.names == ("red",)


def test_a_line_that_is_written_over_is_seen_as_it_is() -> None:
    reader = Reader()
    for text in ("a\n1%", "a\n1%\r2%", "a\n1%\r2%\r3%"):
        reader.look(text)
    assert reader.seen == "a\n3%"


def test_no_answer_is_longer_than_a_reader_is_given_at_once() -> None:
    reader = Reader()
    reader.look("begin\n")
    text = "begin\n" + "x" * 99 + "\n"
    text += "y\n" * tail.AT_ONCE
    assert len(reader.look(text)) <= tail.AT_ONCE
    assert reader.kept.endswith("y\n")
    assert reader.missed == 2
    endless = tail.added("z" * 3 * tail.AT_ONCE, "")
    assert len(text_of(endless.lines)) + len(text_of((endless.open_line,))) <= tail.AT_ONCE


def test_a_mark_says_nothing_of_the_text() -> None:
    assert "secret" not in tail.added("secret\n", "").mark


def test_marks_that_are_none_are_those_of_a_new_reader() -> None:
    whole = tail.added("one\ntwo", "")
    for mark in ("x", "1-2-3-4", "9" * 99, f"{whole.mark}\n", "-".join(["0" * 16] * 4), "\x00"):
        assert tail.added("one\ntwo", mark) == whole


@settings(deadline=None)
@given(
    st.lists(st.text(alphabet="ab\n", max_size=20), max_size=20),
    st.integers(min_value=20, max_value=200),
)
def test_nothing_is_seen_that_was_not_printed(pieces: list[str], window: int) -> None:
    """However the text grows: what a reader has seen since it last missed something is in it."""
    printed, reader = "", Reader()
    for piece in pieces:
        printed += piece
        before = reader.missed
        added = reader.look(printed[-window:])
        if reader.missed > before:
            reader.kept = added
        assert reader.seen == "" or reader.open_line == printed[-window:].rpartition("\n")[2]
        assert len(reader.open_line) <= window


@settings(deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=30), max_size=30))
def test_numbered_lines_are_all_seen_in_order(steps: list[int]) -> None:
    lines: list[str] = []
    reader = Reader()
    for step in steps:
        lines += [f"line {len(lines) + number}\n" for number in range(step)]
        reader.look("".join(lines[-200:]))
    assert reader.kept == "".join(lines)
