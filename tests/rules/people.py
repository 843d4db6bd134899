"""What people do to jobs and hosts, and what happens to those."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta

from chroniker.models import Job, Pause, claims
from chroniker.moments import to_stored
from tests.rules.model import Model
from tests.rules.state import State
from tests.simulated.clock import Clock
from tests.simulated.hosts import Host

MINUTE = timedelta(minutes=1)


class People:
    """Draws what they do; the model is told of all that it has to know."""

    def __init__(
        self,
        clock: Clock,
        model: Model,
        hosts: Mapping[str, Host],
        chance: random.Random,
        database: str,
    ) -> None:
        self._clock = clock
        self._model = model
        self._hosts = hosts
        self._chance = chance
        self._database = database
        self._no_ticks: dict[str, float] = {}
        self._off: dict[str, float] = {}
        """Until when, on the hosts' clock for durations."""
        self._disturbed = clock.uptime

    def act(self) -> None:
        """Perhaps one of them does something."""
        for share, what in (
            (0.04, self._force),
            (0.03, self._stop),
            (0.03, self._switch),
            (0.015, self._pause),
            (0.015, self._end_pauses),
            (0.01, self._take_ticks_away),
            (0.004, self._switch_off),
            (0.01, self._set_clock),
        ):
            if self._chance.random() < share:
                what()

    def is_on(self, host: str) -> bool:
        """Whether the host is switched on."""
        return self._clock.uptime >= self._off.get(host, 0)

    def ticks(self, host: str) -> bool:
        """Whether its crontab is served."""
        return self._clock.uptime >= self._no_ticks.get(host, 0)

    @property
    def quiet_since_minutes(self) -> float:
        """How long ago a host was last away, or the clock was set."""
        last = max([self._disturbed, *self._no_ticks.values(), *self._off.values()])
        return (self._clock.uptime - last) / 60

    def _any_job(self) -> State:
        return self._chance.choice(list(self._model.states.values()))

    def _rows(self, state: State) -> Job:
        job: Job = Job.objects.using(self._database).get(name=state.spec.name)
        return job

    # Jobs

    def _force(self) -> None:
        state = self._any_job()
        jobs = Job.objects.using(self._database).filter(name=state.spec.name)
        jobs.update(force_run=True, forced_by="ann")
        self._model.numbers["asked to run"] += not state.forced
        state.forced = True

    def _stop(self) -> None:
        running = [state for state in self._model.states.values() if state.run is not None]
        if running:
            state = self._chance.choice(running)
            claims.request_stop(self._database, [self._rows(state).pk], "bob")
            state.may_stop = True

    def _switch(self) -> None:
        """Off, or on; what is off stays so for some time, for others come first."""
        off = [state for state in self._model.states.values() if not state.enabled]
        off = [state for state in off if not state.is_over]
        state = self._chance.choice(off) if off else self._any_job()
        if state.is_over:  # nobody can switch it on again without another schedule
            return
        job = self._rows(state)
        job.enabled = state.enabled = not state.enabled
        job.save()

    def _pause(self) -> None:
        state = self._any_job() if self._chance.random() < 0.7 else None
        begin = self._clock.now
        end = begin + self._chance.randint(2, 600) * MINUTE
        lasts = end if self._chance.random() < 0.7 else None
        Pause.objects.using(self._database).create(
            job=self._rows(state) if state else None,
            starts_at=to_stored(begin),
            ends_at=to_stored(lasts),
        )
        self._model.pauses.append((state.spec.name if state else "", begin, lasts))

    def _end_pauses(self) -> None:
        now: datetime = self._clock.now
        Pause.objects.using(self._database).active(now).update(ends_at=to_stored(now))
        # Kept, for they hold again once the clock is set back.
        self._model.pauses = [
            (job, begin, now if begin <= now and (end is None or end > now) else end)
            for job, begin, end in self._model.pauses
        ]

    # Hosts and clocks

    def _take_ticks_away(self) -> None:
        host = self._chance.choice(list(self._hosts))
        seconds = 60 * self._chance.choice((5, 20, 60, 300))
        self._no_ticks[host] = self._clock.uptime + seconds

    def _switch_off(self) -> None:
        host = self._chance.choice(list(self._hosts))
        self._off[host] = self._clock.uptime + 60 * self._chance.choice((1, 5, 120))
        self._hosts[host].lose_all()

    def _set_clock(self) -> None:
        minutes = self._chance.choice((-30, -2, -1, 1, 3, 30, 120))
        self._clock.jump(minutes * MINUTE)
        self._disturbed = self._clock.uptime
