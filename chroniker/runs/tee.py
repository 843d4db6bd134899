"""The streams of a run in the calling process: into its spool, and to where they went before."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

from chroniker.mask import Mask
from chroniker.runs import child
from chroniker.runs.child import NoticingFile
from chroniker.runs.spool import Spool


class Tee:
    """Writes to the spool's file and, if asked to, to the stream that was there before."""

    encoding = "utf-8"
    written = False

    def __init__(self, path: Path, before: TextIO | None) -> None:
        self.mask = Mask()
        """What hides the run's secrets from the stream that was there before."""
        self._noticing = NoticingFile(path, "a")
        self._file = child.text_stream(self._noticing)
        self._before = before
        self._line = ""

    @property
    def unwritten(self) -> int:
        """How many bytes the disk did not take."""
        return self._noticing.unwritten

    def write(self, text: str) -> int:
        if text:
            self.written = True
            self._file.write(text)
            if self._before is not None:
                self._pass_on(text, self._before)
        return len(text)

    def _pass_on(self, text: str, before: TextIO) -> None:
        if self.mask:  # by whole lines, for a secret may come in pieces
            lines, newline, self._line = (self._line + text).rpartition("\n")
            text = self.mask.hide_in(lines + newline)
        before.write(text)

    def end(self) -> None:
        """Write what is still to be written, and close the file."""
        if self._before is not None and self._line:
            self._before.write(self.mask.hide_in(self._line))
        self._file.close()

    def flush(self) -> None:
        self._file.flush()
        if self._before is not None:
            self._before.flush()

    def fileno(self) -> int:
        """The spool's file, for programs that are started with this stream as theirs."""
        return self._file.fileno()

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


@contextmanager
def teed(spool: Spool, *, echo: bool, program: bool) -> Iterator[tuple[Tee, Tee]]:
    """Let these streams be the spool's; what a program writes to them is shown at its end."""
    before = (sys.stdout, sys.stderr)
    passes_on = echo and not program
    out = Tee(spool.stdout, sys.stdout if passes_on else None)
    err = Tee(spool.stderr, sys.stderr if passes_on else None)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            yield out, err
    finally:
        out.end()
        err.end()
    if echo and program:
        for file, stream, tee in zip((spool.stdout, spool.stderr), before, (out, err), strict=True):
            with file.open(encoding="utf-8", errors="backslashreplace") as written:
                stream.writelines(map(tee.mask.hide_in, written))
