"""The HTML part of a message; its style stands at each element, for mail readers know no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from chroniker import terminal
from chroniker.notifications.printable import clean

_GOOD, _BAD = "#1b6e3c", "#a3161a"
_COLOURS = {
    **{"red": "#a3161a", "green": "#1b6e3c", "yellow": "#7a5b00", "blue": "#1a4fa3"},
    **{"magenta": "#8a1f8a", "cyan": "#0b6670", "white": "#5c5c5c", "black": "#1f1f1f"},
}
_TEXT = "font:14px/1.5 sans-serif;color:#1f1f1f;background:#ffffff"
_OUTPUT = (
    "font:12px/1.4 monospace;white-space:pre-wrap;overflow-wrap:anywhere;color:#1f1f1f;"
    "background:#f4f4f4;border:1px solid #d0d0d0;padding:8px;margin:4px 0 16px"
)


def page(
    title: str,
    links: Sequence[str],
    lines: Sequence[str],
    streams: Sequence[tuple[str, str]],
    *,
    is_good: bool,
) -> str:
    """A page with its title on a coloured bar; all that is given is escaped.

    ``streams`` are texts for a terminal, each with its title; their colours are kept.
    """
    return format_html(
        '<!DOCTYPE html><html lang="{}"><head><meta charset="utf-8"><title>{}</title></head>'
        '<body style="{}"><h1 style="font-size:18px;margin:0 0 12px;padding:8px 12px;color:#ffffff;'
        'background:{}">{}</h1>{}{}{}</body></html>',
        get_language() or "en",
        title,
        _TEXT,
        _GOOD if is_good else _BAD,
        title,
        format_html_join("", '<p style="margin:4px 0"><a href="{0}">{0}</a></p>', _given(links)),
        format_html_join("", '<p style="margin:4px 0;white-space:pre-wrap">{}</p>', _given(lines)),
        format_html_join(
            "",
            '<h2 style="font-size:14px;margin:16px 0 0">{}</h2><pre style="{}">{}</pre>',
            ((heading, _OUTPUT, _coloured(text)) for heading, text in streams if text),
        ),
    )


def _given(texts: Sequence[str]) -> Iterator[tuple[str]]:
    return ((text,) for text in texts if text)


def _coloured(text: str) -> SafeString:
    lines = terminal.read(text).lines
    return format_html_join("\n", "{}", ((_line(line),) for line in lines))


def _line(line: terminal.Line) -> SafeString:
    return format_html_join("", "{}", ((_span(span),) for span in line.spans))


def _span(span: terminal.Span) -> SafeString | str:
    text, styles = clean(span.text), []
    colour = next((name for name in span.style.names if not name.startswith("on-")), "")
    if known := _COLOURS.get(colour.removeprefix("bright-")):
        styles.append(f"color:{known}")
    if span.style.bold:
        styles.append("font-weight:bold")
    if not styles:
        return text
    return format_html('<span style="{}">{}</span>', ";".join(styles), text)
