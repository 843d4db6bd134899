"""The logging module's records in a run's output: each of them once."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_MARK = "_chroniker_captured"
_OUR_THREADS = "chroniker-"


class _Capture(logging.StreamHandler[TextIO]):
    """Writes each record once, however many loggers hand it over; those of our threads never.

    What these have to say (the database is away) is not of the command.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if (record.threadName or "").startswith(_OUR_THREADS):
            return
        if not getattr(record, _MARK, False):
            setattr(record, _MARK, True)
            super().emit(record)


@contextmanager
def captured(log_format: str) -> Iterator[None]:
    """Send records from INFO up to ``sys.stdout`` while the command runs.

    Handlers that write to the console stand aside meanwhile: the console is the run's output now,
    and would have each record twice (and on stderr, where text means failure). Other handlers
    see what they saw before.
    """
    capture = _Capture(sys.stdout)
    capture.setLevel(logging.INFO)
    capture.setFormatter(logging.Formatter(log_format))
    root = logging.getLogger()
    silenced = list(_console_handlers())
    receivers = {root} | {logger for logger, _ in silenced}
    for logger, handler in silenced:
        logger.removeHandler(handler)
    for logger in receivers:
        logger.addHandler(capture)
    level, raised = root.level, _keep_at(root, root.level)
    if level == logging.NOTSET or level > logging.INFO:
        root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(level)
        for handler in raised:
            handler.setLevel(logging.NOTSET)
        for logger in receivers:
            logger.removeHandler(capture)
        for logger, handler in silenced:
            logger.addHandler(handler)


def _keep_at(root: logging.Logger, level: int) -> list[logging.Handler]:
    """Give the root's other handlers the level they had through it; returns those changed."""
    changed = []
    for handler in root.handlers:
        if handler.level == logging.NOTSET and not isinstance(handler, _Capture):
            handler.setLevel(level)
            changed.append(handler)
    return changed


def _console_handlers() -> Iterator[tuple[logging.Logger, logging.Handler]]:
    loggers = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]
    for logger in loggers:
        if isinstance(logger, logging.Logger):
            for handler in list(logger.handlers):
                if _writes_to_console(handler):
                    yield logger, handler


def _writes_to_console(handler: logging.Handler) -> bool:
    stream = getattr(handler, "stream", None)
    if not isinstance(handler, logging.StreamHandler) or isinstance(handler, logging.FileHandler):
        return False
    if stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        return True
    try:
        return stream.fileno() in (1, 2)  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        return False
