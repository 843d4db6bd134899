"""``python -m tests.chaos.day``: exit status 0, or 1 if an occurrence is not accounted for."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.simulated import command
from tests.simulated.report import Report


def main() -> int:
    """Let a day pass."""
    parser = command.parser("tests.chaos.day", __doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--verbose", action="store_true", help="a line for each hour")
    return command.run(parser.parse_args(), _simulate)


def _simulate(asked: argparse.Namespace, folder: Path) -> Report:
    from tests.chaos.day.simulation import simulate

    return simulate(
        jobs=asked.jobs,
        minutes=round(asked.hours * 60),
        seed=asked.seed,
        database="default",
        folder=folder,
        say=command.say if asked.verbose else None,
    )


if __name__ == "__main__":
    sys.exit(main())
