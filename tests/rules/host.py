"""A simulated host with the package's own supervisor, and somebody who looks on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Protocol

from chroniker.dispatch.line import Selection
from chroniker.dispatch.supervisor import Supervisor
from tests.simulated.hosts import Host


class Onlooker(Protocol):
    """Is told what a host does, while it does so."""

    def ends_are_recorded(self) -> None:
        """Runs may have ended, and nothing was started since."""

    def pass_begins(
        self, host: str, *, is_tick: bool, without: Collection[int], ended: Collection[int]
    ) -> None:
        """It looks at the jobs: at all, if nothing has ``ended``."""

    def pass_ends(self) -> None:
        """It has started what it wanted to."""


class Passes(Supervisor):
    """The package's supervisor, with passes when we say so."""

    def __init__(self, database: str, host: Host, onlooker: Onlooker) -> None:
        self._host = host
        self._onlooker = onlooker
        self._is_tick = False
        super().__init__(database)

    def _make_executor(self) -> Host:
        return self._host

    def tick(self) -> None:
        """A pass by the clock, and what follows from it."""
        self._is_tick = True
        self._tick(Selection())
        self._follow_up(Selection())

    def follow(self, ended: list[int]) -> None:
        """The pass that follows when runs of these jobs have ended."""
        self._just_ended += ended
        self._follow_up(Selection())

    def _guarded(self, action: Callable[..., None], *args: Any) -> bool:
        action(*args)
        return True

    def _pass(self, selection: Selection) -> None:
        self._selection = selection
        super()._pass(selection)
        self._onlooker.pass_ends()
        self._is_tick = False

    def _recover(self, now: datetime) -> None:
        super()._recover(now)
        self._onlooker.ends_are_recorded()
        self._onlooker.pass_begins(
            self._host.name,
            is_tick=self._is_tick,
            without=self._selection.without,
            ended=self._selection.dependents_of,
        )


class WatchedHost(Host):
    """A host whose passes are the supervisor's."""

    def __init__(self, name: str, *, onlooker: Onlooker, database: str, **known: Any) -> None:
        super().__init__(name, database=database, **known)
        self._onlooker = onlooker
        self._passes = Passes(database, self, onlooker)

    def _pass_by_the_clock(self, _: datetime) -> None:
        self._passes.tick()

    def _follow(self, ended: list[int]) -> None:
        self._onlooker.ends_are_recorded()
        self._passes.follow(ended)

    def lose_all(self) -> None:
        """End everything that runs here, as a power cut does."""
        super().lose_all()
        self._passes = Passes(self._database, self, self._onlooker)
