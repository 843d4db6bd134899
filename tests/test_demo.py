"""The demo on a machine that has nothing: it runs, it checks, it ends, it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from django.core.management import call_command

from chroniker.constants import Status
from chroniker.models import Job, Log
from test_project.demo import ROOT
from test_project.demo.check import Before, compare
from test_project.demo.jobs import JOBS, DemoJob

pytestmark = pytest.mark.skipif(
    os.environ.get("CHRONIKER_TEST_DB", "sqlite") != "sqlite", reason="the demo is on SQLite"
)

HEARTBEAT = next(job for job in JOBS if job.name == "heartbeat")


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which the demo uses this interpreter, and writes to ``folder``."""
    own = {name for name in os.environ if name.startswith("CHRONIKER_")}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return kept | {"CHRONIKER_PYTHON": sys.executable, "CHRONIKER_TEST_VAR": str(folder)}


# `.ci/run package` does the same, from the wheel.
@pytest.mark.thorough
def test_the_demo_checks_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [ROOT / "bin" / "demo", "--check"],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nok  ") == len(JOBS) > 12
    assert done.stderr == ""


@contextmanager
def demo_on(port: int, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the demo's servers."""
    with subprocess.Popen(
        [ROOT / "bin" / "demo", "--port", str(port)],
        env=environment(folder) | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        try:
            yield demo
        finally:
            if demo.poll() is None:
                demo.send_signal(signal.SIGTERM)
                demo.wait(120)


def lines_until(demo: subprocess.Popen[str], wanted: str) -> str:
    """Return what the demo prints, up to a line that has ``wanted`` in it."""
    assert demo.stdout is not None
    printed = ""
    for line in demo.stdout:
        printed += line
        if wanted in line:
            return printed
    raise AssertionError(f"{wanted!r} was not printed:\n{printed}")


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.mark.process
def test_the_demo_serves_runs_jobs_and_ends_on_request(port: int, tmp_path: Path) -> None:
    with demo_on(port, tmp_path) as demo:
        lines_until(demo, "The admin:")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login/", timeout=30) as page:
            assert b'name="csrfmiddlewaretoken"' in page.read()
        lines_until(demo, "succeeded  heartbeat")
        started = psutil.Process(demo.pid).children(recursive=True)
        demo.send_signal(signal.SIGINT)
        lines_until(demo, "Ended.")
        assert demo.wait(120) == 0
    assert len(started) >= 2
    assert [process for process in started if process.is_running()] == []


@pytest.mark.process
def test_the_demo_says_that_a_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with demo_on(port, tmp_path) as demo:
            printed = lines_until(demo, "is taken")
            assert f"Port {port}" in printed
            assert demo.wait(120) == 1


@pytest.mark.django_db
def test_loading_the_demo_twice_adds_nothing() -> None:
    call_command("load_demo", verbosity=0)
    Job.objects.filter(name="heartbeat").update(args="changed by a person")
    call_command("load_demo", verbosity=0)
    assert Job.objects.count() == len(JOBS)
    assert Job.objects.get(name="heartbeat").args == "changed by a person"


DUE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def heartbeat() -> Before:
    """The demo's first job, having run once as it should."""
    job = Job(name="heartbeat", command="succeed", frequency="MINUTELY", next_run=DUE)
    job.save()
    Job.objects.filter(pk=job.pk).update(next_run=DUE + timedelta(minutes=1))
    Log.objects.create(
        job=job,
        status=Status.SUCCEEDED,
        exit_code=0,
        stdout="All is well.\n",
        run_start_datetime=DUE,
        run_end_datetime=DUE + timedelta(seconds=1),
    )
    return Before(job.pk, DUE)


def wrong(before: Before, demo_job: DemoJob = HEARTBEAT) -> str:
    """Return what the check finds wrong, in one text."""
    return "; ".join(compare(demo_job, before))


@pytest.mark.django_db
def test_the_check_is_content_with_what_is_right(heartbeat: Before) -> None:
    assert wrong(heartbeat) == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"status": Status.FAILED, "success": False}, "status is"),
        ({"exit_code": 1}, "exit status is 1, and should be 0"),
        ({"stdout": "All is well."}, "stdout is"),
        ({"stderr": "!"}, "stderr is '!'"),
    ],
    ids=["status", "exit status", "stdout", "stderr"],
)
def test_the_check_names_what_is_wrong_with_a_run(
    heartbeat: Before, change: dict[str, object], complaint: str
) -> None:
    Log.objects.filter(job=heartbeat.pk).update(**change)
    assert complaint in wrong(heartbeat)


@pytest.mark.django_db
def test_the_check_misses_a_run_that_was_not_made(heartbeat: Before) -> None:
    Log.objects.all().delete()
    assert "it has 0 runs, and should have one" in wrong(heartbeat)


@pytest.mark.django_db
def test_the_check_notices_a_run_that_should_not_be(heartbeat: Before) -> None:
    assert "should have none" in wrong(heartbeat, replace(HEARTBEAT, expected=None))


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [0, 2])
def test_the_check_notices_a_wrong_next_run(heartbeat: Before, minutes: int) -> None:
    Job.objects.filter(pk=heartbeat.pk).update(next_run=DUE + timedelta(minutes=minutes))
    assert "next run is" in wrong(heartbeat)


@pytest.mark.django_db
def test_the_check_notices_a_dependent_that_did_not_wait(heartbeat: Before) -> None:
    assert HEARTBEAT.expected is not None
    early = replace(HEARTBEAT, expected=replace(HEARTBEAT.expected, after="heartbeat"))
    assert "it started before 'heartbeat' had ended" in wrong(heartbeat, early)
