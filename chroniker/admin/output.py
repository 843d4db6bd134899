"""What a job printed, as far as it is asked for: its ends, parts between them, all of it as a file.

No text is read from the database as a whole, for it can be many megabytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models.functions import Left, Length, Right, Substr
from django.http import StreamingHttpResponse

from chroniker.models import Log

STREAMS = ("stderr", "stdout")
"""In the order in which they are shown: what is wrong comes first."""

SHOWN = 30_000
"""Texts up to so many characters are shown in full, of longer ones ``ENDS`` at either end."""

ENDS = 10_000
PART = 100_000
"""How many characters are added at a time."""

NEWEST = 256 * 1024
"""More characters than the database holds of a run that goes on."""

_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Sample:
    """The beginning of a text, its end if there is a gap between, and its length."""

    head: str
    tail: str
    length: int

    @property
    def left_out(self) -> int:
        """How many characters are not shown."""
        return self.length - len(self.head) - len(self.tail)

    @property
    def gap(self) -> Gap | None:
        """What is not shown."""
        return Gap(len(self.head), self.length - len(self.tail)) if self.left_out else None


@dataclass(frozen=True)
class Gap:
    """Characters from ``start`` up to ``end``, counted from 0."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many they are."""
        return self.end - self.start


@dataclass(frozen=True)
class Part:
    """A piece of a gap from either of its ends, and what is left of it (None: nothing)."""

    text: str
    rest: Gap | None


def sample(log_id: int, stream: str) -> Sample:
    """What to show of ``stdout`` or ``stderr``; whole lines, where these are not very long."""
    head, tail, length = (
        Log.objects.filter(pk=log_id)
        .values_list(Left(stream, SHOWN), Right(stream, ENDS), Length(stream))
        .get()
    )
    if length <= SHOWN:
        return Sample(head, "", len(head))
    return Sample(_up_to_last_line(head[:ENDS]), _from_first_line(tail), length)


def first_part(log_id: int, stream: str, gap: Gap) -> Part:
    """What follows the beginning that is shown already."""
    text = _piece(log_id, stream, gap.start, min(PART, gap.size))
    if len(text) < PART or gap.size == PART:
        return Part(text, None)
    text = _up_to_last_line(text)
    return Part(text, Gap(gap.start + len(text), gap.end))


def last_part(log_id: int, stream: str, gap: Gap) -> Part:
    """What comes before the end that is shown already."""
    text = _piece(log_id, stream, max(gap.start, gap.end - PART), min(PART, gap.size))
    if gap.size <= PART:
        return Part(text, None)
    text = _from_first_line(text)
    return Part(text, Gap(gap.start, gap.end - len(text)) if text else None)


def newest(log_id: int, *, characters: int = NEWEST) -> dict[str, str]:
    """The ends of both streams, by their names."""
    ends = [Right(stream, characters) for stream in STREAMS]
    texts = Log.objects.filter(pk=log_id).values_list(*ends).get()
    return dict(zip(STREAMS, texts, strict=True))


def download(log_id: int, stream: str) -> StreamingHttpResponse:
    """The whole text as a file that no browser shows or keeps."""
    return StreamingHttpResponse(
        _chunks(log_id, stream),
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="log-{log_id}-{stream}.txt"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _chunks(log_id: int, stream: str) -> Iterator[bytes]:
    start, text = 0, ""
    # What a run that goes on has printed fits into the first chunk, so the rest does not change.
    while start == 0 or len(text) == _CHUNK:
        text = _piece(log_id, stream, start, _CHUNK)
        if text:
            yield text.encode("utf-8", "replace")
        start += _CHUNK


def _piece(log_id: int, stream: str, start: int, length: int) -> str:
    """So many characters from there, or fewer at the end; '' of a log that is gone."""
    piece = Substr(stream, start + 1, length)
    text: str | None = Log.objects.filter(pk=log_id).values_list(piece, flat=True).first()
    return text or ""


def _up_to_last_line(text: str) -> str:
    return text[: text.rfind("\n") + 1] or text


def _from_first_line(text: str) -> str:
    return text[text.find("\n") + 1 :] or text
