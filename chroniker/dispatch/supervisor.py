"""The process that ticks and watches: ``cron`` once, ``cronserver`` for as long as it lives."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connections
from django.utils.module_loading import import_string

from chroniker import settings
from chroniker.dispatch import adoption, installation
from chroniker.dispatch.expected import Watchman
from chroniker.dispatch.leftovers import clear_up
from chroniker.dispatch.line import Selection
from chroniker.dispatch.look import Outlook, outlook
from chroniker.dispatch.messenger import Messenger
from chroniker.dispatch.presence import note_tick
from chroniker.dispatch.recovery import Recovery
from chroniker.dispatch.tick import tick
from chroniker.dispatch.wakeup import Wakeup
from chroniker.exceptions import HeldInstallation
from chroniker.executors.base import Executor
from chroniker.executors.inline import InlineExecutor
from chroniker.host import uptime
from chroniker.models.database_clock import database_now
from chroniker.models.hiccups import HICCUPS, with_retries
from chroniker.notifications import sender
from chroniker.runs.deadline import deadline
from chroniker.runs.inline import must_stay_here
from chroniker.runs.outcome import Outcome
from chroniker.runs.run import Run
from chroniker.runs.watch import DATABASE_SECONDS, STEP_SECONDS, Watch

logger = logging.getLogger("chroniker.supervisor")

AFTER_A_FAULT_SECONDS = 0.2
"""A pause after a fault of our own, which might otherwise be repeated without end."""

FOLLOW_UP_SECONDS = 600.0
"""So long after its tick a process starts what waits for room or for a key when a run of its own
ends; later the next tick does. It could run old code otherwise."""

RECOVERY_SECONDS = 10.0
"""How often a server that has nothing else to do makes a pass: it looks for lost runs, and for
what an UPDATE past us has made possible."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A run this supervisor saw to its end."""

    run: Run
    outcome: Outcome


class Supervisor:
    """Ticks, launches, watches and records. One thread, one database connection.

    ``sync`` carries out each run in this process instead of one of its own; inside a transaction
    and with a database in memory that is the only way. ``tell`` is handed a sentence for each
    step.
    """

    def __init__(
        self,
        database: str,
        *,
        sync: bool = False,
        heartbeat: bool = True,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.database = database
        self.ended: list[Ended] = []
        self.held: HeldInstallation | None = None
        self._heard = 0  # signals
        self._obeyed = 0  # requests: signals that come together are one
        self._just_ended: list[int] = []
        self._started: Counter[int] = Counter()  # jobs, since the last tick of its own
        self._making_up: set[int] = set()
        self._ticked_at = uptime()
        self._heartbeat = heartbeat
        self._tell = _never_failing(tell)
        self._watch = Watch(self._on_end)
        self._messenger = Messenger(database)
        self._wakeup = Wakeup()
        self._recovery = Recovery(database)
        self._watchman = Watchman(database)
        self._recovered_at = uptime()
        self._signs: tuple[object, ...] | None = None
        self.runs_here = sync or must_stay_here(database)
        self._executor = self._make_executor()

    def _make_executor(self) -> Executor:
        if self.runs_here:
            return InlineExecutor(self._on_end)
        executor: Executor = import_string(settings.CHRONIKER_EXECUTOR)(self._watch)
        return executor

    # One pass, and all that follows from it

    def run_once(self, selection: Selection) -> list[Ended]:
        """One tick, then watch until everything it started has ended; returns what ended."""
        with self._wakeup.listening():
            self._tick(selection)
            while not self._is_done():
                self._guarded(self._turn, selection, STEP_SECONDS)
        if self._watchman.judge_ends(at_once=True):
            self._tell_people()
        if not self.runs_here:
            self._messenger.finish()
        return self.ended

    def serve(self, seconds: float, *, continuous: bool = False) -> None:
        """Tick at each multiple of so many seconds, by the database's clock, until stopped.

        ``continuous`` ticks when the next job is due, and looks for changes each second. After a
        HUP the program is started anew in this process, and goes on watching the same runs.
        """
        with self._wakeup.listening():
            self._guarded(self._adopt)
            next_tick = uptime()
            while not (self._wakeup.stops and self._is_done()):
                if not self._wakeup.stops and uptime() >= next_tick:
                    self.ended.clear()
                    wait = self._tick_when_due() if continuous else self._tick_each(seconds)
                    next_tick = uptime() + wait
                self._guarded(self._turn, Selection(), max(0.0, next_tick - uptime()))
                if self._wakeup.hangup and not self._watch.has_unrecorded:
                    self._wakeup.hangup = False
                    self._guarded(self._start_anew)

    def _tick_each(self, seconds: float) -> float:
        """A pass; returns how long to wait for the next."""
        self._guarded(self._tick, Selection())
        try:
            return seconds - self._now().timestamp() % seconds
        except HICCUPS:
            return seconds

    def _tick_when_due(self) -> float:
        """A pass if it is worth one; returns how long to wait for the next look.

        A job that is due and still waits (for another, or for this host's share) is worth no
        second pass until something has happened.
        """
        try:
            now = self._now()
            ahead = self._look(now)
            news = bool(ahead.due) and ahead.signs != self._signs
            if news or uptime() - self._recovered_at >= RECOVERY_SECONDS:
                # Noted as it was before: what happens during the pass is news as well.
                self._signs = ahead.signs if self._guarded(self._tick, Selection()) else None
                ahead = self._look(now)
        except HICCUPS as error:
            logger.warning("database %s does not answer: %s", self.database, error)
            connections[self.database].close()
            return STEP_SECONDS
        wait = self._watch.seconds_until_look()
        return wait if ahead.until_next is None else min(wait, ahead.until_next.total_seconds())

    def _look(self, now: datetime) -> Outlook:
        with deadline(DATABASE_SECONDS):
            return outlook(self.database, now)

    def _adopt(self) -> None:
        for live in adoption.children_of_this_process(self.database):
            self._watch.add(live)
            self._tell(f"{live.run.job_name}: goes on (run {live.run.log_id})")

    def _start_anew(self) -> None:
        """Replace this program by a new start of itself; its children stay its children."""
        self._tell("Starting anew.")
        connections.close_all()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606

    def _guarded(self, action: Callable[..., None], *args: Any) -> bool:
        """Do this; a fault ends neither the server nor the watching of what runs already."""
        try:
            action(*args)
        except Exception:
            logger.exception("%s failed; it is tried again", action.__name__)
            connections[self.database].close()
            time.sleep(AFTER_A_FAULT_SECONDS)
            return False
        return True

    def _tick(self, selection: Selection) -> None:
        """A pass by the clock; those that follow from ends start no job a second time."""
        self._started.clear()
        self._ticked_at = uptime()
        if not selection.is_of_all:
            self._pass(selection)
            return
        now = self._now()
        note_tick(self.database, now)
        self._pass(selection)
        self._watchman.look(now)
        self._tell_people()

    def _pass(self, selection: Selection) -> None:
        now = self._now()
        if self._is_held(now):
            return
        self._recover(now)
        report = tick(self._executor, self.database, now, selection, heartbeat=self._heartbeat)
        for run, outcome in report.not_started:
            self._started[run.job_id] += 1
            self._on_end(run, outcome)
        for run in report.launched:
            self._started[run.job_id] += 1
            if run.makes_up:
                self._making_up.add(run.job_id)
            self._tell(f"{run.job_name}: started (run {run.log_id})")
        if any(run.tells_start for run in report.launched):
            self._tell_people()
        for job_id, reason in report.refused:
            self._tell(f"job {job_id}: not started: {reason}")

    def _is_held(self, now: datetime) -> bool:
        """Whether these tables are another installation's; said when it is found out.

        Then nothing of what they hold is ours to touch, neither what is due nor what seems to
        have been running.
        """
        before, self.held = self.held, installation.why_held(self.database, now)
        if self.held is not None and before is None:
            self._tell(f"Held: {self.held}.")
        self._recovered_at = uptime()
        return self.held is not None

    def _recover_now(self) -> None:
        if self.held is None:
            self._recover(self._now())

    def _now(self) -> datetime:
        """The database's time; a connection that was lost while we waited is made anew."""

        def ask() -> datetime:
            with deadline(DATABASE_SECONDS):
                return database_now(self.database)

        return with_retries(self.database, ask)

    def _recover(self, now: datetime) -> None:
        self._recovered_at = uptime()
        watched = [run.token for run in self._watch.runs]
        for run, outcome in self._recovery.recover(now, watched):
            self._on_end(run, outcome)
        clear_up(self.database, now)
        self._tell_people()

    def _turn(self, selection: Selection, at_most: float) -> None:
        """Wait for something to happen, and do what follows from it."""
        if not self._just_ended:
            self._watch.wait(min(STEP_SECONDS, at_most), *self._wakeup.descriptors)
        self._wakeup.drain()
        self._obey()
        if self._recovery.is_waiting and not self._wakeup.stops:
            self._guarded(self._recover_now)
        self._watch.step()
        if self._watchman.judge_ends():
            self._tell_people()
        self._messenger.look()
        self._follow_up(selection)

    def _follow_up(self, selection: Selection) -> None:
        """Look at the jobs that wait for one that has just ended, or for its room or its key.

        They need no further tick. What has been started since ours waits for the next one, but
        for missed dates that are made up for one after the other, so many in a pass.
        """
        ended, self._just_ended = self._just_ended, []
        if not ended or self._wakeup.stops or selection.force:
            return
        without = [job for job, times in self._started.items() if times >= self._times(job)]
        wanted = replace(selection, without=without)
        if uptime() - self._ticked_at > FOLLOW_UP_SECONDS:
            wanted = replace(wanted, dependents_of=ended)
        self._guarded(self._pass, wanted)

    def _times(self, job_id: int) -> int:
        """How often a job may be started in the passes that belong to one tick."""
        return settings.CHRONIKER_BACKFILL_PER_TICK if job_id in self._making_up else 1

    def _is_done(self) -> bool:
        if self._just_ended:
            return False
        if self._obeyed > 1 and not self._watch.runs:
            return True  # what could not be recorded is in the spool, for the next tick
        waiting = self._recovery.is_waiting and self.held is None and not self._wakeup.stops
        return self._watch.is_empty and not waiting

    # Ends

    def _on_end(self, run: Run, outcome: Outcome) -> None:
        self.ended.append(Ended(run=run, outcome=outcome))
        self._just_ended.append(run.job_id)
        self._watchman.has_ended(run, outcome)
        reason = f" ({outcome.reason})" if outcome.reason else ""
        self._tell(f"{run.job_name}: {outcome.status} after {outcome.seconds:.1f} s{reason}")
        self._tell_people()

    def _tell_people(self) -> None:
        """See to what is in the outbox: here and now, or soon by a process of its own."""
        if self.runs_here:
            sender.send_here(self.database)
        else:
            self._messenger.wake()

    def _obey(self) -> None:
        """First request: no more ticks, and ask all runs to end. The second: end them at once."""
        if self._wakeup.stops == self._heard:
            return
        self._heard = self._wakeup.stops
        self._obeyed += 1
        if self._obeyed == 1:
            self._watch.end_all(f"the scheduler was stopped ({self._wakeup.stop_name})")
        else:
            self._watch.kill_all()


def _never_failing(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Who reads what we say may have gone; the work goes on."""

    def safely(sentence: str) -> None:
        with suppress(OSError, ValueError):
            tell(sentence)

    return safely
