"""What code knows about the run it is part of: which one it is, and how far it has come.

Neither Django nor the database is needed here. A call costs about a microsecond; whoever watches
the run (its heartbeat) reads ``Progress.snapshot()`` and passes it on.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TypeVar

ENV_JOB_ID = "CHRONIKER_JOB_ID"
ENV_RUN_ID = "CHRONIKER_RUN_ID"
ENV_SCHEDULED_FOR = "CHRONIKER_SCHEDULED_FOR"
ENV_BACKFILL = "CHRONIKER_BACKFILL"
ENV_RUN_TOKEN = "CHRONIKER_RUN_TOKEN"  # noqa: S105 - the name of a variable
ENVIRONMENT_NAMES = (*(ENV_JOB_ID, ENV_RUN_ID, ENV_SCHEDULED_FOR, ENV_BACKFILL, ENV_RUN_TOKEN),)

MAX_PARTS = 2_147_483_647
"""The largest number of parts that every database can store."""

Item = TypeVar("Item")


class Progress:
    """How many parts a run has, and how many of them are complete.

    Any thread may call ``set``. What it is given is stored as it is and judged only by
    ``snapshot``, so a wrong number can't disturb the job.
    """

    __slots__ = ("_numbers", "_on_change", "_parts", "changed")

    def __init__(self, on_change: "Callable[[Progress], object] | None" = None) -> None:
        """``on_change`` is called after each ``set``, in the thread that called it."""
        self._parts: tuple[object, object] = (0, 0)
        self._numbers = count(1)
        self._on_change = on_change
        self.changed = 0
        """Another number after each ``set``; not always a larger one if threads race."""

    @property
    def total(self) -> object:
        """How many parts there are, as it was given."""
        return self._parts[0]

    @property
    def complete(self) -> object:
        """How many parts are complete, as it was given."""
        return self._parts[1]

    def set(self, total: object, complete: object) -> None:
        """Say that ``complete`` of ``total`` parts are done."""
        # No lock is needed: the pair is stored at once, and a number is given out only after
        # that and only once, so who sees no new number has missed no parts.
        self._parts = (total, complete)
        self.changed = next(self._numbers)
        if self._on_change is not None:
            self._on_change(self)

    def snapshot(self) -> tuple[int, int]:
        """Return (total, complete) as numbers that can be stored, whatever was given.

        Neither is negative or larger than ``MAX_PARTS``; what is no number counts as 0; complete
        is at most total, unless the total is not known (0).
        """
        given_total, given_complete = self._parts
        total, complete = _parts(given_total), _parts(given_complete)
        return total, min(complete, total) if total else complete


def _parts(value: object) -> int:
    try:
        number: int = int(value)  # type: ignore[call-overload]
    except OverflowError:
        return MAX_PARTS if value > 0 else 0  # type: ignore[operator]
    except (TypeError, ValueError, ArithmeticError):
        return 0
    return max(0, min(number, MAX_PARTS))


@dataclass(frozen=True, kw_only=True)
class CurrentRun:
    """The run that the calling code is part of.

    ``scheduled_for`` is the occurrence that it runs for, None if it was started by hand or code.
    """

    job_id: int
    run_id: int | None = None
    scheduled_for: datetime | None = None
    progress: Progress = field(default_factory=Progress)


@dataclass(frozen=True)
class _Active:
    run: CurrentRun
    thread: int


_current: ContextVar[CurrentRun | None] = ContextVar("chroniker_current_run", default=None)
_active: list[_Active] = []  # every run of this process that is going on, the innermost last


def get_current_run() -> CurrentRun | None:
    """Return the run that the calling code is part of, None outside of a run.

    Threads that a command starts belong to its run. If several threads of one process carry out
    runs, only those threads themselves (and what inherits their context) can tell; then a
    thread that can't gets None rather than another job's run.

    A sub-process made by ``fork`` knows the run as well, but what it sets as progress stays in
    its own memory.
    """
    run = _current.get()
    if run is not None:
        return run
    active = tuple(_active)
    if active and all(one.thread == active[-1].thread for one in active):
        return active[-1].run
    return None


@contextmanager
def running(current: CurrentRun) -> Iterator[CurrentRun]:
    """Make ``current`` the run of the code inside; afterwards the outer one, if any, is back."""
    active = _Active(current, threading.get_ident())
    token = _current.set(current)
    _active.append(active)
    try:
        yield current
    finally:
        _active.remove(active)
        _current.reset(token)


def track(iterable: Iterable[Item], total: int | None = None) -> Iterator[Item]:
    """Yield the items of ``iterable`` and count them as the progress of the current run.

    The total is ``total``, else the iterable's length, else 0 (not known). An item counts as
    complete when the next one is asked for. Outside of a run the items are only passed on.
    """
    run = get_current_run()
    if run is None:
        yield from iterable
        return
    expected = _length(iterable) if total is None else total
    report = run.progress.set
    report(expected, 0)
    for complete, item in enumerate(iterable, start=1):
        yield item
        report(expected, complete)


def _length(iterable: Iterable[object]) -> int:
    if not isinstance(iterable, Sized):
        return 0
    try:
        return len(iterable)
    except TypeError:  # such as a proxy of something that has no length
        return 0
