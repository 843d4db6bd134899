"""Run the admin and the scheduler side by side, and say what the jobs do."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from django.db import OperationalError

from chroniker.constants import Status
from chroniker.models import Log
from test_project.demo import ADMIN_NAME, ADMIN_PASSWORD, MANAGE, ROOT

HOST = "127.0.0.1"
FIRST_PORT = 8000
PORTS_TO_TRY = 20
TICK_SECONDS = 5
GRACE_SECONDS = 20


def main(folder: Path, port: int | None) -> int:
    """Serve until Ctrl-C or TERM. Return the exit status."""
    port = port or free_port()
    if port is None or not is_free(port):
        print(f"Port {port or FIRST_PORT} is taken; choose another one with --port.")
        return 1
    # Ctrl-C too: started in the background of a script, a process ignores it otherwise.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        with ExitStack() as servers:
            address = f"{HOST}:{port}"
            admin = servers.enter_context(
                server(folder / "admin.log", "runserver", "--noreload", address)
            )
            wait_until_served(port, admin)
            print(f"The admin:  http://{address}/  (user {ADMIN_NAME}, password {ADMIN_PASSWORD})")
            scheduler = servers.enter_context(
                server(folder / "scheduler.log", "cronserver", str(TICK_SECONDS))
            )
            print(f"The scheduler ticks every {TICK_SECONDS} seconds. Ctrl-C ends both.")
            watch([admin, scheduler])
            print(f"A server ended by itself; its words are in {folder}.")
            return 1
    except KeyboardInterrupt:
        print("Ended.")
        return 0


def interrupt(number: int, frame: FrameType | None) -> None:
    """Treat TERM like Ctrl-C."""
    raise KeyboardInterrupt


@contextmanager
def server(log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a management command that serves; end it, and wait for its end, afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", MANAGE, *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is ours to pass on, so that each server gets it once.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def watch(servers: list[subprocess.Popen[bytes]]) -> None:
    """Print a line whenever a run starts or ends, until a server ends."""
    shown: dict[int, str | None] = dict(Log.objects.values_list("pk", "status"))
    while all(process.poll() is None for process in servers):
        time.sleep(0.5)
        try:
            logs = list(Log.objects.select_related("job").order_by("-pk")[:200])
        except OperationalError:  # SQLite is busy; there is another look soon
            continue
        for log in reversed(logs):
            if shown.get(log.pk, "") != log.status:
                shown[log.pk] = log.status
                print(f"{time.strftime('%H:%M:%S')}  {sentence(log)}", flush=True)


def sentence(log: Log) -> str:
    """Say what a run does or did."""
    if log.status == Status.RUNNING or log.run_end_datetime is None:
        return f"started    {log.job.name}"
    seconds = (log.run_end_datetime - log.run_start_datetime).total_seconds()
    return f"{log.status or '?':10} {log.job.name} ({seconds:.1f} s)"


def wait_until_served(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once something answers on the port, or the process has ended."""
    while is_free(port) and process.poll() is None:
        time.sleep(0.1)


def free_port() -> int | None:
    """Return the first free port of those tried."""
    candidates = range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY)
    return next((port for port in candidates if is_free(port)), None)


def is_free(port: int) -> bool:
    """Whether nothing answers on this port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) != 0
