"""What is measured: each module has one question and a ``measure`` that answers it in rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import FLOORS, MANAGE, BenchmarkError, Measured, Stage, measure


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a scenario works with."""

    database: str
    stage: Stage
    env: Mapping[str, str]
    folder: Path
    rounds: int
    quick: bool
    tell: Callable[[str], None]

    def cron(self, *, succeeded: int = 0) -> Measured:
        """One ``manage.py cron``; raises BenchmarkError unless that many runs succeeded."""
        measured = measure(*MANAGE, "cron", env=self.env)
        if measured.output:
            raise BenchmarkError(f"cron printed: {measured.output[-2000:]}")
        if succeeded and (found := self.stage.ask("succeeded")) != succeeded:
            raise BenchmarkError(f"{found} of {succeeded} runs succeeded")
        return measured

    def manage(self, *words: str) -> Measured:
        """One other management command."""
        return measure(*MANAGE, *words, env=self.env)

    def statements(self) -> tuple[int, str]:
        """How many SQL statements one ``cron`` sends, all its processes taken together."""
        total, _, kinds = self.manage("count_statements").output.strip().partition(" ")
        return int(total), kinds

    def floor(self, name: str, *words: str) -> Measured:
        """One bare process; see :mod:`benchmarks.floors`."""
        return measure(str(FLOORS / f"{name}.py"), *words, env=self.env)
