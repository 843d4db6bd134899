"""What programs print for a terminal: colours, links, lines written over, and hostile text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chroniker import terminal
from chroniker.terminal import Style, read

ESC = "\x1b"


def spans(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The only line's pieces, each with the names of its style."""
    (line,) = read(text).lines
    return [(span.text, span.style.names) for span in line.spans]


def links(text: str) -> list[str]:
    return [span.url for line in read(text).lines for span in line.spans if span.url]


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ("31", ("red",)),
        ("97;104", ("bright-white", "on-bright-blue")),
        ("1;3;4;9", ("bold", "italic", "underline", "strike")),
        ("2", ("faint",)),
        ("31;39", ()),
        ("41;49", ()),
        ("1;22", ()),
        ("4;24;3;23;9;29;7;27", ()),
        ("4:3", ("underline",)),
        ("4;4:0", ()),
        ("31;0", ()),
        ("31;", ()),
        ("", ()),
        ("38;5;9", ("bright-red",)),
        ("38;5;196", ("bright-red",)),
        ("38;5;22", ("green",)),
        ("48;5;255", ("on-bright-white",)),
        ("48;5;232", ("on-black",)),
        ("38;2;0;0;250;1", ("bright-blue", "bold")),
        ("38:2::0:0:250;1", ("bright-blue", "bold")),
        ("38:2:0:0:250", ("bright-blue",)),
        ("38:5:2", ("green",)),
        ("31;7", ("on-red", "inverse")),
        ("32;41;7", ("red", "on-green")),
        ("7", ("inverse",)),
    ],
)
def test_colours_and_the_like_are_read(parameters: str, names: tuple[str, ...]) -> None:
    assert spans(f"{ESC}[{parameters}mx") == [("x", names)]


@pytest.mark.parametrize(
    "parameters",
    [
        *("38", "38;5", "38;2;1;2", "38;5;256", "38;9", "38:5", "38:9:1", "38:2:1:2", "48:"),
        *("99999999999999999999", "5", "8", "300", ";;;;", "1000", ">4;1", "?1", "1 "),
    ],
)
def test_what_is_no_style_changes_nothing(parameters: str) -> None:
    assert spans(f"{ESC}[{parameters}mx") == [("x", ())]


def test_text_in_the_colour_of_its_background_can_be_read() -> None:
    assert spans(f"{ESC}[31;41mx") == [("x", ("on-red",))]


def test_a_style_goes_on_until_it_is_changed() -> None:
    screen = read(f"a{ESC}[31mb\nc{ESC}[1md\ne")
    assert [[(span.text, span.style.names) for span in line.spans] for line in screen.lines] == [
        [("a", ()), ("b", ("red",))],
        [("c", ("red",)), ("d", ("red", "bold"))],
        [("e", ("red", "bold"))],
    ]
    assert screen.style.names == ("red", "bold")


@given(st.lists(st.sampled_from(["1", "2", "3", "4", "7", "9", "33", "92", "45", "106"])))
def test_a_text_can_be_read_in_pieces(codes: list[str]) -> None:
    style = read(f"{ESC}[{';'.join(codes)}m").style
    assert terminal.style_of(style.code) == style


@pytest.mark.parametrize("code", ["", "x", "31m", "1;31\n", "\u0663"])
def test_a_code_that_is_none_is_the_plain_style(code: str) -> None:
    assert terminal.style_of(code) == Style()


@pytest.mark.parametrize(
    "sequence",
    [
        *("[2K", "[K", "[1;1H", "[?25l", "[>4;1m", "[!p", "[0 q"),
        *("]0;title\x07", "]0;title\x1b\\", "]8;;https://example.org\x07"),
        *("Pdata\x1b\\", "Xdata\x1b\\", "^data\x1b\\", "_data\x1b\\"),
        *("(B", "#8", "7", "8", "c", "=", ">", "M"),
    ],
)
def test_other_sequences_are_left_out(sequence: str) -> None:
    assert terminal.plain(f"a{ESC}{sequence}b") == "ab"


@pytest.mark.parametrize(
    "text",
    [
        *(ESC, f"{ESC}[", f"{ESC}[31", f"{ESC}]0;title", f"{ESC}Pdata", f"{ESC}{ESC}", f"{ESC}é"),
        *(f"{ESC}]{'x' * 5000}\x07", f"{ESC}[{'1' * 5000}m", "\x9b31m", "\x00\x08\x7f\u202e\ufeff"),
    ],
)
def test_what_is_not_whole_stays(text: str) -> None:
    assert terminal.plain(f"a{text}") == f"a{text}"


def test_a_sequence_does_not_reach_into_the_next_line() -> None:
    assert terminal.plain(f"a{ESC}]0;b\nc\x07d") == f"a{ESC}]0;b\nc\x07d"


def test_a_progress_bar_is_as_it_was_in_the_end() -> None:
    first, second = read("  1%\r 50%\r100%\r\nnext").lines
    assert ([span.text for span in first.spans], first.overwritten) == (["100%"], 2)
    assert ([span.text for span in second.spans], second.overwritten) == (["next"], 0)


def test_what_a_line_was_written_over_with_keeps_its_colours() -> None:
    assert spans(f"{ESC}[31m1%\r{ESC}[K{ESC}[1m2%") == [("2%", ("red", "bold"))]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_lines_end_as_they_do_on_any_system(line_end: str) -> None:
    screen = read(f"a{line_end}b{line_end}")
    assert [len(line.spans) for line in screen.lines] == [1, 1, 0]
    assert not any(line.overwritten for line in screen.lines)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://example.org/a?b=c#d.", ["https://example.org/a?b=c#d"]),
        ("(http://example.org/a_(b)), and", ["http://example.org/a_(b)"]),
        ('<a href="https://example.org">', ["https://example.org"]),
        ("[https://example.org]!", ["https://example.org"]),
        ("http://[::1]:8000/", ["http://[::1]:8000/"]),
        ("HTTPS://EXAMPLE.ORG", ["HTTPS://EXAMPLE.ORG"]),
        ("http://a.example https://b.example", ["http://a.example", "https://b.example"]),
        ("https://example.org/\u202ex", ["https://example.org/"]),
        ("https://ex\u0430mple.org", ["https://ex"]),
        ("https://example.org'onclick=alert(1)", ["https://example.org'onclick=alert(1)"]),
        ("javascript:alert(1) ftp://x data:x //x http:// https://. xhttp://y", []),
    ],
)
def test_addresses_on_the_web_are_links(text: str, found: list[str]) -> None:
    assert links(text) == found
    assert terminal.plain(text) == text


@given(st.text(alphabet="\x1b[]();:mK0123\r\n\x07\\?ahtps/.", max_size=200))
def test_nothing_of_any_text_is_made_up(text: str) -> None:
    left = iter(text)
    assert all(character in left for character in terminal.plain(text))


@pytest.mark.parametrize(
    "text",
    [
        *(f"{ESC}]", f"{ESC}[", f"{ESC}[1m", f"{ESC}P{'a' * 1999}", f"{ESC}[{'1' * 99}"),
        *("http://", f"http://a{')' * 1990} ", f"http://a{'(' * 1990}{')' * 1990} ", "\r", "\n"),
    ],
)
def test_no_text_takes_more_than_time_in_proportion(text: str) -> None:
    """Else this would take hours."""
    read(text * (300_000 // len(text)))
