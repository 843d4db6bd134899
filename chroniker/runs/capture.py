"""What a run printed, read from its spool into text any database takes."""

from __future__ import annotations

from typing import NamedTuple

from chroniker import settings
from chroniker.exceptions import InvalidEnvironment
from chroniker.mask import Mask
from chroniker.runs.masking import Masking
from chroniker.runs.outcome import Output
from chroniker.runs.printed import Printed, Stream, size_of

LIVE_BYTES = 64 * 1024
"""How much of a running job's output the database shows: the newest."""

_LONGER = 1.5
"""So many times the limit may the text take; bytes that are no text show as four characters."""

_HEAD_SHARE = 4  # of what is kept of long output, one part in four is its beginning


def read_all(
    printed: Printed,
    *,
    stdout: bool,
    stderr: bool,
    masking: Masking,
    unwritten: tuple[int, int] = (0, 0),
    limit: int | None = None,
) -> Output:
    """All that was printed, up to ``limit`` or ``CHRONIKER_MAX_OUTPUT_BYTES`` per stream.

    Of longer output the head and the tail are kept, with the size of the gap between them.
    ``unwritten`` is how many bytes of each stream the disk did not take. What cannot be masked is
    withheld.
    """
    limit = limit or settings.CHRONIKER_MAX_OUTPUT_BYTES
    try:
        mask = masking.mask()
    except InvalidEnvironment as error:
        out, err = (
            _withheld(stream, error) if wanted else ""
            for stream, wanted in zip(printed, (stdout, stderr), strict=True)
        )
        return Output(stdout=out, stderr=err, shortened=bool(out or err), readable=False)
    texts: list[_Text] = []
    for stream, wanted, lost in zip(printed, (stdout, stderr), unwritten, strict=True):
        text = _bounded(stream, limit, mask) if wanted else _Text("")
        if wanted and lost:
            gap = f"\n[… {lost:,} bytes could not be written to the disk …]\n"
            text = text._replace(text=text.text + gap, shortened=True)
        texts.append(text)
    printed_out, printed_err = texts
    return Output(
        stdout=printed_out.text,
        stderr=printed_err.text,
        shortened=printed_out.shortened or printed_err.shortened,
        readable=printed_out.readable and printed_err.readable,
    )


class _Text(NamedTuple):
    text: str
    shortened: bool = False
    readable: bool = True


def free_what_is_left_out(printed: Printed) -> None:
    """Let a run that prints without end not fill the disk with what will never be read."""
    limit: int = settings.CHRONIKER_MAX_OUTPUT_BYTES
    for stream in printed:
        stream.free_middle(limit // _HEAD_SHARE, max(limit, LIVE_BYTES))


def read_newest(stream: Stream, masking: Masking) -> str:
    """The newest output of a stream, from the start of a line where possible."""
    try:
        mask = masking.mask()
        size = stream.size()
        tail = stream.read(max(0, size - LIVE_BYTES), LIVE_BYTES)
    except OSError:
        return ""
    except InvalidEnvironment as error:
        return _withheld(stream, error)
    line = tail.find(b"\n") + 1 if size > LIVE_BYTES else 0
    return as_text(mask.hide(tail[line:], cut_before=size > LIVE_BYTES and not line))


def _withheld(stream: Stream, error: InvalidEnvironment) -> str:
    """What stands for output whose secrets cannot be told from the rest of it."""
    return f"[output withheld, for its secrets are not known: {error}]\n" if size_of(stream) else ""


def as_text(data: bytes) -> str:
    """Text that shows every byte and that no database refuses.

    What is not UTF-8 shows as an escape such as ``\\xff``, a NUL as its symbol.
    """
    return data.decode("utf-8", errors="backslashreplace").replace("\x00", "\u2400")


def _bounded(stream: Stream, limit: int, mask: Mask) -> _Text:
    try:
        size = stream.size()
        if size <= limit:
            return _fitting(as_text(mask.hide(stream.read(0, limit))), limit)
        head = _up_to_last_line(stream.read(0, limit // _HEAD_SHARE))
        start = size - (limit - len(head))
        newest = stream.read(start, limit - len(head))
        tail = _from_first_line(newest)
    except OSError as error:
        text = f"[output could not be read: {error.strerror}]\n"
        return _Text(text, shortened=True, readable=False)
    gap = size - len(head) - len(tail)
    # A line of a secret can only be cut in two where no line begins.
    shown_head = as_text(mask.hide(head, cut_after=not head.endswith(b"\n")))
    shown_tail = as_text(mask.hide(tail, cut_before=len(tail) == len(newest)))
    text = f"{shown_head}\n[… {gap:,} bytes left out …]\n\n{shown_tail}"
    return _Text(_fitting(text, limit).text, shortened=True)


def _fitting(text: str, limit: int) -> _Text:
    """Text that is not much longer than the output it shows, though escapes are longer."""
    if len(text) <= _LONGER * limit:
        return _Text(text)
    head, tail = limit // _HEAD_SHARE, limit - limit // _HEAD_SHARE
    gap = f"\n[… {len(text) - limit:,} characters left out …]\n"
    return _Text(text[:head] + gap + text[-tail:], shortened=True)


def _up_to_last_line(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1] or data


def _from_first_line(data: bytes) -> bytes:
    return data[data.find(b"\n") + 1 :] or data
