"""``python -m tests.rules``: exit status 0, or 1 with what was against the rules."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.simulated import command
from tests.simulated.report import Report


def main() -> int:
    """Let random jobs live."""
    parser = command.parser("tests.rules", __doc__)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=14)
    return command.run(parser.parse_args(), _simulate)


def _simulate(asked: argparse.Namespace, folder: Path) -> Report:
    from tests.rules.world import simulate

    return simulate(
        steps=asked.steps,
        seed=asked.seed,
        job_count=asked.jobs,
        database="default",
        folder=folder,
        say=command.say,
    )


if __name__ == "__main__":
    sys.exit(main())
