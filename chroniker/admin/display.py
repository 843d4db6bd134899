"""Plain values in, safe HTML out: the one place of the admin where HTML is made from values."""

# ruff: noqa: PLC0414 - moments and lengths in words are part of what is shown

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from chroniker import terminal
from chroniker.moments import to_instant
from chroniker.wording import NOTHING as NOTHING
from chroniker.wording import ago as ago
from chroniker.wording import ahead as ahead
from chroniker.wording import duration as duration
from chroniker.wording import local
from chroniker.wording import plain_moment as plain_moment
from chroniker.wording import visible as visible

_SIGNS = {
    "running": "▶",
    "succeeded": "✓",
    "failed": "✕",
    "timed_out": "⏱",
    "stopped": "■",
    "lost": "?",
    "skipped": "○",
    "waiting": "…",
    "paused": "‖",
    "disabled": NOTHING,
    "idle": "·",
    "late": "!",
}
"""Shown besides the colour, for those who do not see it. The keys are classes in the CSS."""


def pill(kind: str, text: str, detail: str = "") -> SafeString:
    """A state as a coloured word with its sign; ``detail`` follows in small letters."""
    html = format_html(
        '<span class="chroniker-pill chroniker-{}"><span aria-hidden="true">{}</span> {}</span>',
        kind,
        sign_of(kind),
        visible(text),
    )
    return words((html, small(visible(detail)))) if detail else html


def sign_of(kind: str) -> str:
    """The sign of a state, for a drawing whose words stand elsewhere; '' where there is none."""
    return _SIGNS.get(kind, "")


def sign(kind: str, text: str) -> SafeString:
    """The sign of a state; what it means is said by a screen reader and on hover."""
    return format_html(
        '<span class="chroniker-sign chroniker-{}" role="img" aria-label="{}" title="{}">{}</span>',
        *(kind, text, text, sign_of(kind)),
    )


def drawing(marks: Iterable[str], *, width: int, height: int, label: str, name: str) -> SafeString:
    """A small SVG of marks; ``label`` says what it shows to those who do not see it."""
    return format_html(
        '<svg class="chroniker-{}" width="{}" height="{}" viewBox="0 0 {} {}" role="group"'
        ' aria-label="{}">{}</svg>',
        *(name, width, height, width, height, visible(label)),
        format_html_join("", "{}", ((mark,) for mark in marks)),
    )


def shape(kind: str, path: str, title: str) -> SafeString:
    """A shape in a drawing, coloured as its state."""
    return format_html(
        '<path class="chroniker-mark chroniker-{}" d="{}"><title>{}</title></path>',
        *(kind, path, visible(title)),
    )


def shape_link(url: str, shape: str) -> SafeString:
    """A shape that leads somewhere; by keyboard the list beside the drawing does."""
    return format_html('<a href="{}" tabindex="-1">{}</a>', url, shape)


def live_row(job_id: int, html: str) -> SafeString:
    """A cell of a row that a script keeps up to date."""
    return format_html('<div data-chroniker-job="{}">{}</div>', job_id, html)


def strong(text: str) -> SafeString:
    """What a remark is about."""
    return format_html("<strong>{}</strong>", text)


def small(text: str) -> SafeString:
    """A remark."""
    return format_html('<span class="chroniker-small">{}</span>', text)


def progress_bar(percent: float) -> SafeString:
    """How far a run is."""
    whole = int(percent)
    return format_html(
        '<progress class="chroniker-progress" max="100" value="{}">{}%</progress>', whole, whole
    )


def moment(value: datetime | None, words: str = "") -> str:
    """A date and time in the current time zone, or words for it; exactly on hover and focus."""
    if value is None:
        return words or NOTHING
    shown = local(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        shown.isoformat(),
        f"{shown:%Y-%m-%d %H:%M:%S %Z}".rstrip(),
        words or plain_moment(value),
    )


def exact_moment(value: datetime | None) -> str:
    """A date and time, and below it the same to the second and with its zone."""
    if value is None:
        return NOTHING
    shown = local(value)
    return lines((moment(value), small(f"{shown:%H:%M:%S %Z}".rstrip())))


def elsewhere(value: datetime | None, zone: str) -> SafeString | str:
    """The same date and time in another zone; '' where clocks show the same there."""
    if value is None:
        return ""
    there = to_instant(value).astimezone(ZoneInfo(zone))
    here = local(value)
    if here.replace(tzinfo=None) == there.replace(tzinfo=None):
        return ""
    shown = f"{there:%H:%M}" if here.date() == there.date() else f"{there:%Y-%m-%d %H:%M}"
    return small(f"{shown} {zone}")


def lines(parts: Iterable[str]) -> SafeString:
    """Parts below each other."""
    return format_html_join(_BREAK, "{}", ((part,) for part in parts))


_BREAK = SafeString("<br>")


def beside(parts: Iterable[str]) -> SafeString:
    """Parts after each other, with nothing between."""
    return format_html_join("", "{}", ((part,) for part in parts))


def words(parts: Iterable[str]) -> SafeString:
    """Parts beside each other."""
    return format_html_join(" ", "{}", ((part,) for part in parts))


def items(parts: Iterable[str]) -> SafeString:
    """Parts as a list."""
    rows = format_html_join("", "<li>{}</li>", ((part,) for part in parts))
    return format_html('<ul class="chroniker-items">{}</ul>', rows)


def part(name: str, html: str) -> SafeString:
    """A part of a page, which a script finds by its name and renews."""
    return format_html('<div class="chroniker-part" data-part="{}">{}</div>', name, html)


def notice(title: str, rows: Iterable[str], link: str) -> SafeString:
    """Something that everybody should know who reads the page."""
    return format_html(
        '<div class="chroniker-notice" role="status">{} {} {}</div>',
        strong(title),
        items(rows),
        link,
    )


def link(url: str, text: str) -> SafeString:
    """A link within the admin."""
    return format_html('<a href="{}">{}</a>', url, text)


def outward_link(url: str, text: str) -> SafeString:
    """A link that opens in a new tab and tells it nothing of this one."""
    return format_html('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>', url, text)


def link_button(url: str, text: str) -> SafeString:
    """A link that looks like a button."""
    return format_html('<a class="button chroniker-button" href="{}">{}</a>', url, text)


def row_button(url: str, text: str, *, label: str, fence: int | None = None) -> SafeString:
    """A button in the change list, which is one form: it posts that form to ``url``.

    ``label`` is what a screen reader says; ``fence`` names the run that is on the screen.
    """
    named = "" if fence is None else format_html(' name="fence" value="{}"', fence)
    return format_html(
        '<button type="submit" class="button chroniker-button" formaction="{}" formmethod="post"'
        ' aria-label="{}"{}>{}</button>',
        *(url, visible(label), named, text),
    )


def facts(parts: Iterable[str]) -> SafeString:
    """Short statements about one thing, in a row."""
    return format_html_join(
        _DOT, '<span class="chroniker-fact">{}</span>', ((part,) for part in parts if part)
    )


_DOT = SafeString(' <span aria-hidden="true">·</span> ')


def code(text: str) -> SafeString:
    """What somebody has typed, or is to type, for a machine."""
    return format_html('<code class="chroniker-code">{}</code>', visible(text))


def printed(printed_lines: Iterable[terminal.Line]) -> SafeString:
    """Lines that a job printed, with colours and links."""
    return format_html_join("\n", "{}", ((_printed_line(line),) for line in printed_lines))


def _printed_line(line: terminal.Line) -> SafeString:
    html = format_html_join("", "{}", ((_span(span),) for span in line.spans))
    if not line.overwritten:
        return html
    words = ngettext(
        "This line was written over %d time; the file has it all.",
        "This line was written over %d times; the file has it all.",
        line.overwritten,
    )
    return format_html(
        '<span class="chroniker-overwritten" role="img" aria-label="{}" title="{}"></span>{}',
        *(words % line.overwritten, words % line.overwritten, html),
    )


def _span(span: terminal.Span) -> SafeString:
    html = outward_link(span.url, span.text) if span.url else escape(visible(span.text))
    names = span.style.names
    if not names:
        return html
    classes = " ".join(f"chroniker-{name}" for name in names)
    return format_html('<span class="{}">{}</span>', classes, html)
