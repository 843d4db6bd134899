"""One round: ``python -m tests.chaos.driver --database sqlite --seed 1 --seconds 20``.

Prints what happened, and what is wrong as JSON at the end. Exit status: 0, or 1 if anything is.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import checker, databases, world
from tests.chaos.checker import Evidence, Fault
from tests.chaos.evidence import clock
from tests.chaos.faults import MOST_SCHEDULERS, Faults
from tests.chaos.world import World

ENDS_WITHIN_SECONDS = 45
"""Schedulers that nobody harms any more have ended by then."""


@dataclass(kw_only=True)
class Report:
    """How a round went."""

    database: str
    seed: int
    faults: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)


class Round:
    """Chaos for some seconds, then quiet, then judgement."""

    def __init__(self, scene: World, seed: int, *, verbose: bool) -> None:
        self._world = scene
        self._rng = random.Random(seed)  # noqa: S311
        self._began = clock()
        self._verbose = verbose
        self._faults = Faults(scene, self._rng, tell=self.tell)
        self._snapshot: dict[str, tuple[Any, ...]] = {}
        self.wrong: list[Fault] = []

    def tell(self, sentence: str) -> None:
        """Say what happens, if anybody wants to know."""
        if self._verbose:
            sys.stdout.write(f"{clock() - self._began:7.2f} {sentence}\n")
            sys.stdout.flush()

    def run(self, seconds: float) -> dict[str, Any]:
        """The whole round; returns its numbers."""
        self._world.make_jobs(jobs(self._rng))
        self._rage(seconds)
        self._calm_down()
        self._tick_twice()
        stuck = self._stuck()
        self._live_on()
        self._judge(stuck)
        harm = self._faults.harm
        return {
            "claims": sum(job["fence"] for job in self._job_rows()),
            "instances": len(self._world.ledger.instances),
            "schedulers": self._world.schedulers,
            "kills": sum(n for fault, n in harm.counts.items() if fault.startswith("kill")),
            "faults": dict(harm.counts),
            "outcomes": self._outcomes(),
        }

    # Acts

    def _rage(self, seconds: float) -> None:
        end = clock() + seconds
        next_tick = next_fault = clock()
        while clock() < end:
            now = clock()
            self._world.nursery.reap()
            self._faults.follow_up()
            if now >= next_tick:
                next_tick = now + self._rng.expovariate(1 / 0.15)
                self._start_schedulers()
            if now >= next_fault:
                next_fault = now + self._rng.expovariate(1 / 0.3)
                self._faults.strike()
            time.sleep(0.01)

    def _start_schedulers(self) -> None:
        """One more, or as many at once as there may be."""
        nursery = self._world.nursery
        free = MOST_SCHEDULERS - sum(1 for child in nursery.living.values() if child.host)
        wanted = free if self._rng.random() < 0.02 else min(free, 1)
        for _ in range(wanted):
            host = self._rng.choice(self._faults.hosts_alive())
            if self._rng.random() < 0.03:
                self._world.start_program(host, "cron")
            else:
                self._world.tick(host)

    def _calm_down(self) -> None:
        """No more faults, nothing more is due; whatever still lives comes to its end."""
        dead = set(self._faults.harm.dead_hosts)
        self._faults.make_up()
        self._faults.harm.dead_hosts |= dead
        self._query("UPDATE chroniker_job SET enabled = %s", False)
        self._snapshot = self._ended_rows()
        self._wait_for_schedulers("a scheduler does not end")
        give_up = clock() + ENDS_WITHIN_SECONDS
        while clock() < give_up and any(one.is_alive() for one in self._world.ledger.read()):
            time.sleep(0.05)
        time.sleep(world.RECOVERED_ELSEWHERE_SECONDS)

    def _tick_twice(self) -> None:
        for _ in range(2):
            for host in self._faults.hosts_alive():
                self._world.tick(host)
            self._wait_for_schedulers("a tick after the chaos does not end")

    def _live_on(self) -> None:
        """Every job can be run again."""
        host = self._faults.hosts_alive()[0]
        before = {(job["id"], job["slot"]): job["fence"] for job in self._job_rows()}
        self._query("UPDATE chroniker_job SET enabled = %s, force_run = %s", True, True)
        self._world.tick(host)
        self._wait_for_schedulers("the last tick does not end")
        for job in self._job_rows():
            wanted = job["slot"] == (host if job["hostname"] == "*" else "")
            if wanted and job["fence"] == before.get((job["id"], job["slot"])):
                text = f"job {job['id']} is not run any more ({job['error']})"
                self.wrong.append(Fault(promise="nothing stuck", text=text))
        self._query("UPDATE chroniker_job SET enabled = %s", False)
        self._tick_twice()

    def _wait_for_schedulers(self, otherwise: str) -> None:
        give_up = clock() + ENDS_WITHIN_SECONDS
        nursery = self._world.nursery
        while any(child.host for child in nursery.living.values()):
            nursery.reap()
            self._faults.follow_up()
            if clock() > give_up:
                pids = [child.pid for child in nursery.living.values() if child.host]
                self.wrong.append(Fault(promise="nothing stuck", text=f"{otherwise}: {pids}"))
                return
            time.sleep(0.02)

    # Judgement

    def _stuck(self) -> list[Fault]:
        """After two ticks, nobody holds anything."""
        evidence = self._evidence()
        return [fault for fault in checker.judge(evidence) if fault.promise == "nothing stuck"]

    def _judge(self, stuck: list[Fault]) -> None:
        now = self._ended_rows()
        for token, row in self._snapshot.items():
            after = now.get(token, ())
            # What a lost run printed may come later from its disk; it is judged by its lines.
            compared = slice(None, -2 if row[1] == "lost" else None)
            if after[compared] != row[compared]:
                text = f"{token} was {row} and is {after}"
                self.wrong.append(Fault(promise="ended rows stay as they are", text=text))
        self.wrong += stuck
        self.wrong += checker.judge(self._evidence())
        crashes = self._world.nursery.crashes
        self.wrong += [Fault(promise="schedulers do not crash", text=text) for text in crashes]
        left = self._world.nursery.end_all()
        self.wrong += [Fault(promise="no process is left", text=text) for text in left]
        for host in self._faults.hosts_alive():
            self._check_state(host)
        self._tell_details()

    def _tell_details(self) -> None:
        """All that is known of the runs that a broken promise names."""
        evidence = self._evidence()
        named = "\n".join(map(str, self.wrong))
        for token in dict.fromkeys(re.findall(r"\b[0-9a-f]{32}\b", named)):
            log = dict(evidence.by_token.get(token, {}))
            for stream in ("stdout", "stderr"):
                log[stream] = f"{(log.get(stream) or '').count(chr(10))} lines"
            one = evidence.told.get(token)
            told = vars(one) if one else {}
            times = {name: round(told.get(name) or 0, 2) for name in ("began", "last_sign")}
            since = {name: round(at - self._began, 2) for name, at in times.items()}
            self.tell(f"{token}\n  told: {told | since}\n  row: {log}")

    def _check_state(self, host: str) -> None:
        """What ``cron_check`` finds is wrong, too."""
        check = self._world.start_program(host, "cron_check", "--state")
        self._wait_for_schedulers("cron_check does not end")
        said = (self._world.folder / "logs" / f"{check.pid}.log").read_text()
        self.wrong += [
            Fault(promise="invariants", text=f"{host}: {line}") for line in said.splitlines()
        ]

    def _evidence(self) -> Evidence:
        instances = self._world.ledger.read()
        self._world.ledger.count_lines()
        return Evidence(
            instances=instances,
            jobs=self._job_rows(),
            logs=self._query("SELECT * FROM chroniker_log WHERE token IS NOT NULL ORDER BY id"),
            harm=self._faults.harm,
        )

    def _ended_rows(self) -> dict[str, tuple[Any, ...]]:
        columns = "token, status, success, reason, exit_code, run_end_datetime, stdout, stderr"
        ended = "token IS NOT NULL AND status <> 'running'"
        sql = f"SELECT {columns} FROM chroniker_log WHERE {ended}"  # noqa: S608
        return {row["token"]: tuple(row.values()) for row in self._query(sql)}

    def _job_rows(self) -> list[dict[str, Any]]:
        """Whatever runs claim; the slot of a row that is not a host's is empty."""
        jobs = self._query("SELECT * FROM chroniker_job ORDER BY id")
        of_id = {job["id"]: job for job in jobs}
        hosts = self._query("SELECT * FROM chroniker_jobhost ORDER BY id")
        rows = [job | {"slot": ""} for job in jobs]
        return rows + [
            of_id[row["job_id"]]
            | row
            | {"id": row["job_id"], "slot": row["hostname"]}
            | {"hostname": of_id[row["job_id"]]["hostname"]}
            for row in hosts
        ]

    def _outcomes(self) -> dict[str, int]:
        sql = "SELECT status, COUNT(*) AS n FROM chroniker_log GROUP BY status ORDER BY status"
        return {row["status"]: row["n"] for row in self._query(sql)}

    def _query(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = databases.patiently(
            lambda: self._world.database.query(sql, *values)
        )
        return rows


def jobs(rng: random.Random) -> list[dict[str, Any]]:
    """What a round runs, over and over."""
    quick = [f"seconds:{rng.uniform(0.1, 1.5):.2f}" for _ in range(8)]
    special = [
        "seconds:5",
        "seconds:0.5 status:3",
        "seconds:3 ignores_term:1",
        "seconds:0.3 leaves_a_child:0.7",
    ]
    common = {
        "frequency": "SECONDLY",
        "maximum_log_entries": 0,
        "stderr_is_failure": False,
    }
    made: list[dict[str, Any]] = [
        {"name": f"{number:02} {words}", "command": "behave", "args": words}
        for number, words in enumerate([*quick, *special])
    ]
    program = f"{sys.executable} -m tests.chaos.behaviour"
    made += [
        {"name": f"program {words}", "raw_command": f"{program} {words}"}
        for words in ("seconds:0.5", "seconds:2", "seconds:1 leaves_a_child:1")
    ]
    everywhere = {"name": "everywhere", "hostname": "*", "command": "behave"}
    made.append({**everywhere, "args": "seconds:0.7 on_every_host:1"})
    overdue = {"name": "timed out", "command": "behave", "args": "seconds:9 ignores_term:1"}
    made.append({**overdue, "timeout_seconds": 2})
    return [job | common | {"params": f"interval:{rng.choice([1, 1, 2, 3])}"} for job in made]


def main() -> int:
    """Make a round as the command line says."""
    options = parser().parse_args()
    began = time.monotonic()
    report = Report(database=options.database, seed=options.seed)
    with tempfile.TemporaryDirectory(prefix="chroniker-chaos-") as name:
        folder = Path(name)
        database = databases.make(options.database, folder)
        try:
            database.start()
            scene = World(database, folder, options.hosts.split(","))
            try:
                scene.begin()
                a_round = Round(scene, options.seed, verbose=options.verbose)
                report.numbers = a_round.run(options.seconds)
                report.faults = sorted({str(fault) for fault in a_round.wrong})
            finally:
                scene.nursery.end_all()
        finally:
            database.stop()
        if report.faults and options.keep:
            subprocess.run(["cp", "-r", name, options.keep], check=True)
    report.numbers["took"] = round(time.monotonic() - began)
    sys.stdout.write("\n" + json.dumps(vars(report), indent=1, default=str) + "\n")
    return 1 if report.faults else 0


def parser() -> argparse.ArgumentParser:
    """What a round can be told."""
    words = argparse.ArgumentParser(prog="python -m tests.chaos.driver", description=__doc__)
    words.add_argument("--database", choices=("sqlite", "postgres", "mariadb"), default="sqlite")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--seconds", type=float, default=20)
    words.add_argument("--hosts", default="a", help="names of the hosts, separated by commas")
    words.add_argument("--keep", help="copy the evidence there if anything is wrong")
    words.add_argument("--verbose", action="store_true")
    return words


if __name__ == "__main__":
    sys.exit(main())
