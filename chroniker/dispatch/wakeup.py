"""Signals to the scheduler: noted by the handlers, acted on by the loop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from chroniker.runs import own_descriptors

Handler = Callable[[int, FrameType | None], object]


class Wakeup:
    """Counts requests to stop, notes one to start anew, and wakes a loop that waits.

    Handlers only take notes, for they come in the middle of anything.
    """

    def __init__(self) -> None:
        self.stops = 0
        """How many times TERM or INT came."""
        self.stop_name = ""
        self.hangup = False
        """Whether HUP came."""
        self.descriptors: list[int] = []
        """What becomes readable when a signal comes."""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take down signals meanwhile; without effect outside of the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with self._pipe() as writer:
            woken_before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
            before = {
                number: signal.signal(number, handler) for number, handler in self._handlers()
            }
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)
                signal.set_wakeup_fd(woken_before)

    def drain(self) -> None:
        """Forget that something woke us, until the next signal."""
        for descriptor in self.descriptors:
            try:
                while os.read(descriptor, 4096):
                    pass
            except BlockingIOError:
                continue

    @contextmanager
    def _pipe(self) -> Iterator[int]:
        reader, writer = os.pipe()
        for descriptor in (reader, writer):
            os.set_blocking(descriptor, False)
        self.descriptors = [reader]
        with own_descriptors.kept(reader, writer):
            try:
                yield writer
            finally:
                self.descriptors = []
                os.close(reader)
                os.close(writer)

    def _handlers(self) -> list[tuple[signal.Signals, Handler]]:
        return [
            (signal.SIGTERM, self._stop),
            (signal.SIGINT, self._stop),
            (signal.SIGHUP, self._hang_up),
            (signal.SIGCHLD, lambda *_: None),  # only to wake the loop
        ]

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.stops += 1
        self.stop_name = signal.Signals(number).name

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        self.hangup = True
