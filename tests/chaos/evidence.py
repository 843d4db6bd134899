"""What jobs write down about themselves, and how that is read.

Files that are only appended to, and written past all of the package's code, in one folder:

``ledger``          a line of JSON for each start and end of an instance
``counter-TOKEN``   how many lines it had printed on each stream when ``print`` returned, and when
``lock-JOB-SLOT``   locked by the kernel for as long as anything of an instance is alive
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

FOLDER = "CHAOS_EVIDENCE"
"""The environment variable that names the folder."""

HOST = "CHAOS_HOST"
"""The environment variable that names the host a process is on."""

LINE = "line {number} of {stream}"


def clock() -> float:
    """Seconds on the clock that all processes of this machine share and nobody sets."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Witness:
    """One instance of a job, writing."""

    def __init__(self, job: str, token: str, slot: str = "") -> None:
        self._folder = Path(os.environ[FOLDER])
        self._job = job
        self._slot = slot
        self._token = token
        self._printed = {"stdout": 0, "stderr": 0}
        self._counter = os.open(
            self._folder / f"counter-{token}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        self.lock = os.open(
            self._folder / f"lock-{job}-{slot}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600
        )

    def begin(self) -> None:
        """Note the start, and whether another instance is alive at this moment."""
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except BlockingIOError:
            alone = False
        self._note(
            mark="start",
            pid=os.getpid(),
            created=psutil.Process().create_time(),
            parent=os.getppid(),
            alone=alone,
        )

    def print_lines(self) -> None:
        """Print a line on each stream, and count it once it is out of our hands."""
        for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr)):
            number = self._printed[name] + 1
            print(LINE.format(number=number, stream=name), file=stream, flush=True)
            self._printed[name] = number
            self._count()

    def end(self, status: int) -> None:
        """Note that all was done, as the last thing; only children still hold the lock then."""
        self._note(mark="end", status=status)
        os.close(self.lock)

    def _count(self) -> None:
        numbers = f"{self._printed['stdout']:>8} {self._printed['stderr']:>8} {clock():>18.6f}\n"
        os.pwrite(self._counter, numbers.encode(), 0)

    def _note(self, **facts: Any) -> None:
        who = {"job": self._job, "slot": self._slot, "token": self._token}
        line = json.dumps({**who, "at": clock(), **facts}) + "\n"
        ledger = os.open(
            self._folder / "ledger", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        os.write(ledger, line.encode())
        os.close(ledger)


@dataclass(kw_only=True)
class Instance:
    """One start of a job's command, as it told it."""

    job: int
    slot: str
    """The host, of a job that runs on every host; else empty."""
    token: str
    pid: int
    created: float
    parent: int
    began: float
    alone: bool
    ended: float | None = None
    status: int | None = None
    printed: dict[str, int] = field(default_factory=lambda: {"stdout": 0, "stderr": 0})
    last_sign: float = 0.0

    def is_alive(self) -> bool:
        """Whether its first process runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 0.05
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


class Ledger:
    """Reads the evidence, going on each time where it stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = 0
        self.instances: list[Instance] = []

    def read(self) -> list[Instance]:
        """All instances so far, in the order of their starts."""
        try:
            with (self._folder / "ledger").open("rb") as ledger:
                ledger.seek(self._read)
                new = ledger.read()
        except FileNotFoundError:
            return []
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            self._take(json.loads(line))
        return self.instances

    def count_lines(self) -> None:
        """Read how much each instance had printed."""
        for instance in self.instances:
            try:
                counter = (self._folder / f"counter-{instance.token}").read_text().split()
            except FileNotFoundError:
                continue
            instance.last_sign = instance.began
            if counter:
                instance.printed = {"stdout": int(counter[0]), "stderr": int(counter[1])}
                instance.last_sign = float(counter[2])
            instance.last_sign = max(instance.last_sign, instance.ended or 0.0)

    def _take(self, mark: dict[str, Any]) -> None:
        if mark["mark"] == "start":
            self.instances.append(
                Instance(
                    job=int(mark["job"]),
                    slot=mark["slot"],
                    token=mark["token"],
                    pid=mark["pid"],
                    created=mark["created"],
                    parent=mark["parent"],
                    began=mark["at"],
                    alone=mark["alone"],
                )
            )
            return
        for instance in reversed(self.instances):
            if instance.token == mark["token"]:
                instance.ended, instance.status = mark["at"], mark["status"]
                return
