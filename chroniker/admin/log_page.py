"""What the page of a log shows besides its fields: how it went, what it printed, and its kin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker import terminal
from chroniker.admin import attempts, display, output, tail
from chroniker.admin.output import Gap, Part
from chroniker.constants import Status
from chroniker.models import Log

UrlOf = Callable[[str, int], str]
"""The address of a page about a log, by the name of the page and the log's id."""


def is_running(log: Log) -> bool:
    """Whether the run goes on."""
    return log.state == Status.RUNNING


# What was printed


def streams(log: Log, url_of: UrlOf) -> list[dict[str, Any]]:
    """Both streams, as the template shows them."""
    texts = output.newest(log.pk) if is_running(log) else None
    return [
        {
            "name": stream,
            "file_url": url_of(f"chroniker_log_{stream}", log.pk),
            **(_ended(log.pk, stream) if texts is None else _growing(texts[stream])),
        }
        for stream in output.STREAMS
    ]


def _growing(text: str) -> dict[str, Any]:
    return {**added(text, ""), "is_empty": not text}


def added(text: str, mark: str) -> dict[str, Any]:
    """What is new of a text for a reader with this mark."""
    new = tail.added(text, mark)
    return {
        "lines": display.printed(new.lines),
        "open_line": display.printed([new.open_line]),
        "missed": new.missed,
        "mark": new.mark,
    }


def _ended(log_id: int, stream: str) -> dict[str, Any]:
    sample = output.sample(log_id, stream)
    head = terminal.read(sample.head)
    return {
        "lines": display.printed(head.lines),
        "gap": sample.gap,
        "gap_words": sample.gap and left_out(sample.gap),
        "style": head.style.code,
        "ending": display.printed(terminal.read(sample.tail).lines),
        "is_empty": not sample.length,
    }


def left_out(gap: Gap) -> str:
    """That this is not shown."""
    words = ngettext("… %d character is not shown …", "… %d characters are not shown …", gap.size)
    return words % gap.size


def part(found: Part, style: str) -> dict[str, Any]:
    """A piece of what was not shown, which begins in this style, and what of it is left."""
    screen = terminal.read(found.text, terminal.style_of(style))
    rest = found.rest
    return {
        "lines": display.printed(screen.lines),
        "style": screen.style.code,
        "rest": rest and {"start": rest.start, "end": rest.end, "words": left_out(rest)},
    }


# The runs around it


def kin(log: Log, url_of: UrlOf, list_url: str, *, may_compare: bool) -> dict[str, Any]:
    """Links to its neighbours and other attempts, and what it has in common with those before.

    ``list_url`` leads to the runs of its job.
    """
    neighbours = {"earlier": attempts.earlier(log), "later": attempts.later(log)}
    good = None if is_running(log) or log.status == Status.SKIPPED else attempts.last_good(log)
    remarks = list(_likeness(log, url_of, list_url))
    if good is not None:
        remarks.append(_last_good(log, good, url_of, may_compare=may_compare))
    return {
        **{
            f"{name}_url": pk and url_of("chroniker_log_change", pk)
            for name, pk in neighbours.items()
        },
        "attempts": [_attempt(each, log, url_of) for each in attempts.attempts(log)],
        "remarks": remarks,
    }


def _attempt(each: Log, log: Log, url_of: UrlOf) -> SafeString:
    status = Status(each.state)
    sign = display.sign(status.value, str(status.label))
    words = _("Attempt %d") % each.attempt
    if each.pk == log.pk:
        return display.words((sign, display.strong(words)))
    return display.words((sign, display.link(url_of("chroniker_log_change", each.pk), words)))


def _likeness(log: Log, url_of: UrlOf, list_url: str) -> Iterator[str]:
    alike = attempts.likeness(log)
    if alike is not None and alike.is_at_least:
        yield _("Same error as at least %d runs before it.") % alike.count
    elif alike is not None:
        words = ngettext(
            "Same error as %d run before it.", "Same error as %d runs before it.", alike.count
        )
        yield words % alike.count
        url = url_of("chroniker_log_change", alike.first)
        first = display.link(url, display.moment(alike.since))
        yield display.words((_("First seen:"), first))
    if log.fingerprint:
        yield display.link(
            f"{list_url}&fingerprint={log.fingerprint}", _("All runs with this error")
        )


def _last_good(log: Log, good: Log, url_of: UrlOf, *, may_compare: bool) -> str:
    moment = display.moment(good.run_start_datetime)
    told = [
        _("Last good run before it:"),
        display.link(url_of("chroniker_log_change", good.pk), moment),
    ]
    if may_compare:
        told.append(display.link(url_of("chroniker_log_compare", log.pk), _("Compare")))
    return display.words(told)
