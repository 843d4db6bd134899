"""What a job printed: the part that is shown on the log's page, and the whole as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models.functions import Left, Length, Right
from django.http import StreamingHttpResponse

from chroniker.models import Log

SHOWN = 30_000
"""Texts up to so many characters are shown in full, of longer ones ``ENDS`` at either end."""

ENDS = 10_000
_CHUNK = 64 * 1024


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


def sample(log_id: int, stream: str) -> Sample:
    """What to show of ``stdout`` or ``stderr``; no more than that is read from the database."""
    head, tail, length = (
        Log.objects.filter(pk=log_id)
        .values_list(Left(stream, SHOWN), Right(stream, ENDS), Length(stream))
        .get()
    )
    if length <= SHOWN:
        return Sample(head, "", len(head))
    return Sample(head[:ENDS], tail, length)


def download(log_id: int, stream: str) -> StreamingHttpResponse:
    """The whole text as a file that no browser shows or keeps."""
    text = Log.objects.filter(pk=log_id).values_list(stream, flat=True).get()
    return StreamingHttpResponse(
        _chunks(text),
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="log-{log_id}-{stream}.txt"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


def _chunks(text: str) -> Iterator[bytes]:
    for start in range(0, len(text), _CHUNK):
        yield text[start : start + _CHUNK].encode("utf-8", "replace")
