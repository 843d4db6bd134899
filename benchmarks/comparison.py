"""Comparing two things that are measured in turns, so that a busy machine is busy for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.processes import Measured


@dataclass(frozen=True)
class Fastest:
    """The least that a thing took in any round: other work on the machine can only add to it."""

    wall: float
    cpu: float

    @classmethod
    def of(cls, rounds: Sequence[Measured]) -> Fastest:
        """The least of these rounds."""
        return cls(min(one.wall for one in rounds), min(one.cpu for one in rounds))


@dataclass(frozen=True)
class Comparison:
    """Rounds of two measured things: ours, and the floor it is held against."""

    ours: Sequence[Measured]
    floor: Sequence[Measured]

    def wall_ratio(self) -> float:
        """How many times as long ours takes."""
        return Fastest.of(self.ours).wall / Fastest.of(self.floor).wall

    def cpu_ratio(self) -> float:
        """How many times as much processor time ours takes."""
        return Fastest.of(self.ours).cpu / Fastest.of(self.floor).cpu

    def added_wall(self) -> float:
        """How many seconds longer ours takes."""
        return Fastest.of(self.ours).wall - Fastest.of(self.floor).wall


def in_turns(
    rounds: int,
    ours: Callable[[], Measured],
    floor: Callable[[], Measured],
    *,
    tell: Callable[[str], None],
) -> Comparison:
    """Measure both in each round, and who goes first in turns. The first round only warms up."""
    results: tuple[list[Measured], list[Measured]] = ([], [])
    for number in range(rounds + 1):
        tell(f"round {number} of {rounds}")
        for which in (0, 1) if number % 2 else (1, 0):
            measured = (ours, floor)[which]()
            if number:
                results[which].append(measured)
    return Comparison(*results)
