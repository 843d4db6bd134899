"""What a job does in a round: prints, leaves traces, and ends in one of many ways."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from tests.chaos.evidence import HOST, Witness

LINES_EACH_SECOND = 20


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How long a job takes and how it ends."""

    seconds: float
    status: int = 0
    ignores_term: bool = False
    """Whether it goes on when it is asked to end."""
    leaves_a_child: float = 0.0
    """For how long a process in a session of its own lives on after it."""
    on_every_host: bool = False
    """Whether instances on different hosts may run at once."""


def behave(how: Behaviour) -> int:
    """Do it, as the run that the environment names; returns the exit status."""
    slot = os.environ[HOST] if how.on_every_host else ""
    witness = Witness(os.environ["CHRONIKER_JOB_ID"], os.environ["CHRONIKER_RUN_TOKEN"], slot)
    if how.ignores_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    witness.begin()
    if how.leaves_a_child:
        _leave_a_child(how.seconds + how.leaves_a_child, witness.lock)
    until = time.monotonic() + how.seconds
    while True:
        witness.print_lines()
        if time.monotonic() >= until:
            break
        time.sleep(1 / LINES_EACH_SECOND)
    witness.end(how.status)
    return how.status


def _leave_a_child(seconds: float, lock: int) -> None:
    """Start a process that leaves our session, and is still part of this instance."""
    subprocess.Popen(["sleep", str(seconds)], pass_fds=[lock], start_new_session=True)


def main() -> int:
    """The behaviour named on the command line, as a program of its own."""
    return behave(parse(sys.argv[1:]))


def parse(words: list[str]) -> Behaviour:
    """Read ``seconds:1.5 status:3 ignores_term:1``."""
    values = dict(word.split(":", 1) for word in words)
    return Behaviour(
        seconds=float(values["seconds"]),
        status=int(values.get("status", 0)),
        ignores_term=values.get("ignores_term") == "1",
        leaves_a_child=float(values.get("leaves_a_child", 0)),
        on_every_host=values.get("on_every_host") == "1",
    )


if __name__ == "__main__":
    sys.exit(main())
