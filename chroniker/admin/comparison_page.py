"""What the page that compares two runs shows."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker.admin import display, output
from chroniker.admin.comparison import Comparison, Kind, Passage, compare
from chroniker.admin.log_page import UrlOf
from chroniker.admin.state_line import state_line
from chroniker.models import Log
from chroniker.moments import utc_now

CHARACTERS = 100_000
"""How much of each text is compared: the last."""

_SIGNS = {Kind.BOTH: "", Kind.FIRST: "\N{MINUS SIGN}", Kind.SECOND: "+"}


def context(log: Log, other: Log, url_of: UrlOf, *, exact: bool) -> dict[str, Any]:
    """Both runs, and where what they printed differs; ``other`` is the one before."""
    now = utc_now()
    before, after = (
        output.newest(other.pk, characters=CHARACTERS),
        output.newest(log.pk, characters=CHARACTERS),
    )
    return {
        "runs": [
            {
                "kind": kind.value,
                "sign": _SIGNS[kind],
                "words": words,
                "state_line": state_line(run, now),
                "started": display.exact_moment(run.run_start_datetime),
                "arguments": display.visible(run.arguments or ""),
                "url": url_of("chroniker_log_change", run.pk),
            }
            for run, kind, words in (
                (other, Kind.FIRST, _("The other run")),
                (log, Kind.SECOND, _("This run")),
            )
        ],
        "streams": [
            {"name": stream, **_stream(before[stream], after[stream], exact=exact)}
            for stream in output.STREAMS
        ],
    }


def _stream(before: str, after: str, *, exact: bool) -> dict[str, Any]:
    found = compare(before, after, exact=exact)
    is_of_ends = found.is_of_ends or max(len(before), len(after)) == CHARACTERS
    return {
        "passages": [_passage(passage) for passage in found.passages],
        "same": _same(found, is_empty=not (before or after), is_of_ends=is_of_ends),
        "is_of_ends": is_of_ends,
    }


def _same(found: Comparison, *, is_empty: bool, is_of_ends: bool) -> str:
    if found.passages:
        return ""
    if is_empty:
        return _("Neither of them printed anything.")
    return _("The ends are the same.") if is_of_ends else _("The same.")


def _passage(passage: Passage) -> dict[str, Any]:
    words = ngettext("%d line that is the same", "%d lines that are the same", passage.left_out)
    return {
        "left_out": words % passage.left_out if passage.left_out else "",
        "rows": [
            {"kind": row.kind.value, "sign": _SIGNS[row.kind], "text": display.visible(row.text)}
            for row in passage.rows
        ],
    }
