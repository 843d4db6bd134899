"""Runs that die at random: is each bad ending told exactly once?

    python -m tests.chaos.deaths --deaths 200 [--seed 7]

Jobs that would sleep for long are run by ``manage.py cron``, and killed: the job, its supervisor,
or both, in any order. Further ticks record what became of them. A real mail server counts who
was told of which run. Exit status: 0, or 1 if a run was told twice, or not at all.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
AT_ONCE = 20
PATIENCE_SECONDS = 180
VICTIMS = ("job", "supervisor", "both")


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deaths", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    return parser.parse_args()


def prepare(folder: Path, port: int) -> None:
    """Choose a database, a spool and a mail server of this trial's own; for its processes too."""
    from tests.notifications.receivers import mail_settings

    chosen = {
        "CHRONIKER_SPOOL_DIR": str(folder / "spool"),
        "CHRONIKER_MAX_LOST_RERUNS": 0,
        "CHRONIKER_NOTIFY_EVERY": 0,  # each death is told of
        "BASE_URL": "http://cron.example",
        "ADMINS": [],
        **mail_settings(port),
    }
    os.environ |= {
        "CHRONIKER_TEST_DB": "sqlite",
        "CHRONIKER_TEST_DB_NAME": str(folder / "db.sqlite3"),
        "CHRONIKER_TEST_SETTINGS": json.dumps(chosen),
        "DJANGO_SETTINGS_MODULE": "test_project.settings",
        "PYTHONPATH": str(ROOT),
    }


def manage(*words: str) -> subprocess.Popen[bytes]:
    """Start a command of the project, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "test_project/manage.py"), *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Wait for this; gives up loudly."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not (value := condition()):
        if time.monotonic() > ends:
            raise TimeoutError(what)
        time.sleep(0.02)
    return value


class Trial:
    """Rounds of jobs that die."""

    def __init__(self, chance: random.Random) -> None:
        from django.contrib.auth import get_user_model

        from chroniker.models import Job

        self._chance = chance
        ann = get_user_model().objects.create_user("ann", "ann@example.com", is_staff=True)
        for number in range(AT_ONCE):
            job = Job(name=f"job {number}", command="sleep_for", args="600", frequency="MANUAL")
            job.save()
            job.subscribers.add(ann)

    def round(self, count: int) -> Counter[str]:
        """Let so many runs begin, and all of them die; returns who was killed, how often."""
        from chroniker.models import Job, Log

        chosen = list(Job.objects.order_by("pk").values_list("pk", flat=True)[:count])
        Job.objects.filter(pk__in=chosen).update(force_run=True)
        supervisor = manage("cron")
        pids = wait_for(lambda: self._pids(chosen, supervisor.pid), "the jobs did not start")
        killed: Counter[str] = Counter()
        self._chance.shuffle(pids)
        for pid in pids:
            victim = self._chance.choice(VICTIMS)
            killed[victim] += 1
            order = [supervisor.pid, pid] if self._chance.random() < 0.5 else [pid, supervisor.pid]
            for one in order:
                if victim == "both" or one == (pid if victim == "job" else supervisor.pid):
                    _kill(one)
            time.sleep(self._chance.random() * 0.3)
        # Whoever is left dies as well: jobs that had only lost their supervisor.
        for pid in pids:
            _kill(pid)
        if not any(killed[victim] for victim in ("supervisor", "both")):
            supervisor.wait(PATIENCE_SECONDS)
        _kill(supervisor.pid)
        supervisor.wait()
        ends = time.monotonic() + PATIENCE_SECONDS
        while Log.objects.running().exists() or not _all_told():
            if time.monotonic() > ends:
                break
            manage("cron").wait(PATIENCE_SECONDS)
        return killed

    @staticmethod
    def _pids(jobs: list[int], supervisor: int) -> list[int]:
        from chroniker.models import Job

        rows = Job.objects.filter(pk__in=jobs, is_running=True, current_pid__gt="")
        found = {int(pid) for pid in rows.values_list("current_pid", flat=True) if pid}
        found -= {supervisor}  # which is named there until the job's own process is known
        return list(found) if len(found) == len(jobs) else []


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _all_told() -> bool:
    from chroniker.models import Delivery, Notification

    waiting = Notification.objects.unexpanded().exists()
    return not (waiting or Delivery.objects.unsettled().exists())


def faults(mails: list[Any]) -> list[str]:
    """The runs that were not told exactly once."""
    from chroniker.constants import BAD_ENDS, Status
    from chroniker.models import Log

    told = Counter(
        re.findall(r"/chroniker/log/(\d+)/", mail.get_body(("plain",)).get_content())[0]
        for mail in mails
    )
    ended = {str(pk): status for pk, status in Log.objects.values_list("pk", "status")}
    found = [
        f"run {pk} ({status}) was told {told[pk]} times"
        for pk, status in ended.items()
        if told[pk] != (status in BAD_ENDS) and status != Status.RUNNING
    ]
    found += [f"run {pk} has not ended" for pk, one in ended.items() if one == Status.RUNNING]
    return found + [f"run {pk}, which was told, is unknown" for pk in set(told) - set(ended)]


def main() -> int:
    """Let runs die until enough have; say what was found, as JSON."""
    chosen = options()
    from tests.notifications.receivers import mail_server

    with tempfile.TemporaryDirectory() as folder, mail_server() as box:
        prepare(Path(folder), box.port)
        if manage("migrate", "--verbosity=0").wait():
            raise RuntimeError("the database could not be made")
        import django

        django.setup()
        from chroniker.models import Log

        trial = Trial(random.Random(chosen.seed))  # noqa: S311
        killed: Counter[str] = Counter()
        while (left := chosen.deaths - Log.objects.count()) > 0:
            killed += trial.round(min(AT_ONCE, left))
            print(f"{chosen.deaths - left} …", file=sys.stderr)  # noqa: T201
        found = faults(box.mails)
        report = {
            "seed": chosen.seed,
            "deaths": Log.objects.count(),
            "killed": dict(killed),
            "ends": dict(Counter(Log.objects.values_list("status", flat=True))),
            "mails": len(box.mails),
            "faults": found,
        }
        print(json.dumps(report))  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
