"""What a program prints for a terminal, as lines of styled text. Knows neither HTML nor Django.

Colours and the like are kept, the sixteen of a terminal; other escape sequences are left out. A
line that was written over again and again (a progress bar) is as it was in the end. What only
begins like an escape sequence stays, for whoever shows it to make it visible.

Everything takes time in proportion to the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any

_LONGEST = 2000
_ESCAPE = re.compile(
    r"\x1b(?:"
    r"\[(?P<parameters>[0-?]{0,100}+)(?P<function>[ -/]{0,8}+[@-~])"
    rf"|\][^\x07\x1b]{{0,{_LONGEST}}}+(?:\x07|\x1b\\)"  # titles, hyperlinks
    rf"|[PX^_][^\x1b]{{0,{_LONGEST}}}+\x1b\\"
    r"|[ -/]{1,4}+[0-~]"  # character sets
    r"|[0-OQ-WYZ\\`-~]"
    r")"
)
_STYLE = re.compile(r"[0-9;:]*+")

# ASCII only: letters of other scripts can look like those of a site that one trusts.
_URL = re.compile(rf"\bhttps?://(?=[\[0-9a-z])[!#-;=?-\[\]_a-z~]{{1,{_LONGEST}}}+", re.IGNORECASE)
_AFTER_A_URL = ".,;:!?'*_"
_BRACKETS = {")": "(", "]": "["}

NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
"""The colours; the bright ones follow them as 8 to 15."""

_DARK, _MEDIUM, _LIGHT, _FULL = 0, 0x80, 0xC0, 0xFF
_PALETTE = (
    (_DARK, _DARK, _DARK),
    (_MEDIUM, _DARK, _DARK),
    (_DARK, _MEDIUM, _DARK),
    (_MEDIUM, _MEDIUM, _DARK),
    (_DARK, _DARK, _MEDIUM),
    (_MEDIUM, _DARK, _MEDIUM),
    (_DARK, _MEDIUM, _MEDIUM),
    (_LIGHT, _LIGHT, _LIGHT),
    (_MEDIUM, _MEDIUM, _MEDIUM),
    (_FULL, _DARK, _DARK),
    (_DARK, _FULL, _DARK),
    (_FULL, _FULL, _DARK),
    (_DARK, _DARK, _FULL),
    (_FULL, _DARK, _FULL),
    (_DARK, _FULL, _FULL),
    (_FULL, _FULL, _FULL),
)
_STEPS = (0, 95, 135, 175, 215, 255)
_CUBE, _GREYS, _COLOURS = 16, 232, 256


@dataclass(frozen=True)
class Style:
    """How text looks: colours from 0 to 15 (None for the page's own), and the rest yes or no.

    Text that is to be hidden is not.
    """

    foreground: int | None = None
    background: int | None = None
    bold: bool = False
    faint: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    inverse: bool = False

    @property
    def code(self) -> str:
        """The parameters that set this style: what :func:`style_of` reads."""
        codes = [number for number, name in _ATTRIBUTES.items() if getattr(self, name)]
        for colour, normal, bright in ((self.foreground, 30, 90), (self.background, 40, 100)):
            if colour is not None:
                codes.append(colour + normal if colour < len(NAMES) else colour + bright - 8)
        return ";".join(map(str, codes))

    @property
    def names(self) -> tuple[str, ...]:
        """Words for it: ``red``, ``on-bright-blue``, ``bold`` …, none for the plain style."""
        front, back = self.foreground, self.background
        if self.inverse:
            front, back = back, front
        if front == back:
            front = None  # it could not be read
        found = []
        if front is not None:
            found.append(_name(front))
        if back is not None:
            found.append(f"on-{_name(back)}")
        kept = ("bold", "faint", "italic", "underline", "strike")
        found += [name for name in kept if getattr(self, name)]
        if self.inverse and (self.foreground is None or self.background is None):
            found.append("inverse")
        return tuple(found)


@dataclass(frozen=True)
class Span:
    """Text of one style, which may be a link."""

    text: str
    style: Style
    url: str = ""


@dataclass(frozen=True)
class Line:
    """A line, and how often it was written over before."""

    spans: tuple[Span, ...]
    overwritten: int = 0


@dataclass(frozen=True)
class Screen:
    """Lines (the last is what follows the last line end), and the style that holds after them."""

    lines: tuple[Line, ...]
    style: Style


def read(text: str, style: Style = Style()) -> Screen:
    """The lines of a text that begins in this style."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        read_line, style = _line(line, style)
        lines.append(read_line)
    return Screen(tuple(lines), style)


def plain(text: str) -> str:
    """The text alone, without any style."""
    return "\n".join("".join(span.text for span in line.spans) for line in read(text).lines)


def style_of(code: str) -> Style:
    """The style that these parameters set; what is none of them is passed over."""
    return _changed(Style(), code) if _STYLE.fullmatch(code) else Style()


def _line(line: str, style: Style) -> tuple[Line, Style]:
    """The last state of a line that has something on it."""
    spans: list[Span] = []
    written = 0
    for state in line.split("\r"):
        parts, style = _spans(state, style)
        if parts:
            spans, written = parts, written + 1
    return Line(tuple(spans), max(0, written - 1)), style


def _spans(text: str, style: Style) -> tuple[list[Span], Style]:
    spans: list[Span] = []
    start = 0
    for match in _ESCAPE.finditer(text):
        spans += _linked(text[start : match.start()], style)
        start = match.end()
        if match["function"] == "m" and _STYLE.fullmatch(match["parameters"]):
            style = _changed(style, match["parameters"])
    spans += _linked(text[start:], style)
    return spans, style


def _linked(text: str, style: Style) -> Iterator[Span]:
    """The text in pieces, of which some are addresses on the web."""
    start = 0
    for match in _URL.finditer(text):
        url = _without_what_follows(match[0])
        if match.start() > start:
            yield Span(text[start : match.start()], style)
        yield Span(url, style, url)
        start = match.start() + len(url)
    if start < len(text):
        yield Span(text[start:], style)


def _without_what_follows(url: str) -> str:
    """An address without the punctuation of the sentence it stands in."""
    unopened = {end: url.count(end) - url.count(start) for end, start in _BRACKETS.items()}
    end = len(url)
    while True:
        last = url[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in _AFTER_A_URL:
            return url[:end]
        end -= 1


# Styles


_ATTRIBUTES = {
    1: "bold",
    2: "faint",
    3: "italic",
    4: "underline",
    7: "inverse",
    9: "strike",
}
_EXTENDED = {38: "foreground", 48: "background"}
_TURNED: dict[int, dict[str, Any]] = {
    **{code: {name: True} for code, name in _ATTRIBUTES.items()},
    22: {"bold": False, "faint": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"inverse": False},
    29: {"strike": False},
    39: {"foreground": None},
    49: {"background": None},
}
_RANGES = {
    30: ("foreground", 0),
    40: ("background", 0),
    90: ("foreground", 8),
    100: ("background", 8),
}
_UNDERLINE = 4


@lru_cache(maxsize=1024)
def _changed(style: Style, parameters: str) -> Style:
    """The style after a sequence of such parameters."""
    numbers = iter(parameters.split(";"))
    for field in numbers:
        code, *details = (_number(part) for part in field.split(":"))
        if code in _EXTENDED:
            # 38:2:<colour space>:r:g:b in one field, or 38;2;r;g;b in several.
            colour = _colour(details) if details else _colour_in(map(_number, numbers))
            if colour is not None:
                changes: dict[str, Any] = {_EXTENDED[code]: colour}
                style = replace(style, **changes)
        elif code == _UNDERLINE and details == [0]:
            style = replace(style, underline=False)
        else:
            style = _with(style, code)
    return style


def _with(style: Style, code: int) -> Style:
    if code == 0:
        return Style()
    return replace(style, **(_TURNED.get(code) or _coloured(code)))


def _coloured(code: int) -> dict[str, Any]:
    for start, (name, first) in _RANGES.items():
        if start <= code < start + len(NAMES):
            return {name: code - start + first}
    return {}


def _colour_in(numbers: Iterator[int]) -> int | None:
    """The colour that the next of these numbers say; those after it are left."""
    kind = next(numbers, 0)
    return _colour([kind, *islice(numbers, _LENGTHS.get(kind, 0))])


_PLACE, _PARTS = 5, 2
_LENGTHS = {_PLACE: 1, _PARTS: 3}


def _colour(numbers: list[int]) -> int | None:
    """The nearest of the sixteen to a place in a palette of 256, or to red, green and blue."""
    kind, *values = numbers
    if len(values) < _LENGTHS.get(kind, 1):
        return None
    if kind == _PLACE:
        return _of_256(values[0])
    return _nearest(*values[-3:]) if kind == _PARTS else None


def _of_256(number: int) -> int | None:
    if 0 <= number < _CUBE:
        return number
    if _CUBE <= number < _GREYS:
        number -= _CUBE
        return _nearest(_STEPS[number // 36], _STEPS[number // 6 % 6], _STEPS[number % 6])
    if _GREYS <= number < _COLOURS:
        grey = 8 + 10 * (number - _GREYS)
        return _nearest(grey, grey, grey)
    return None


def _nearest(*colour: int) -> int:
    """The nearest of the sixteen."""

    def distance(place: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(_PALETTE[place], colour, strict=True))

    return min(range(len(_PALETTE)), key=distance)


def _number(text: str) -> int:
    """Nothing counts as zero, and so does what is too long to mean anything."""
    return int(text) if text and len(text) <= len("1000") else 0


def _name(colour: int) -> str:
    bright = "bright-" if colour >= len(NAMES) else ""
    return f"{bright}{NAMES[colour % len(NAMES)]}"
