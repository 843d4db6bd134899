"""However a run ends, it ends as the right outcome."""

from __future__ import annotations

import sys

import pytest
from pytest_django import Settings

from chroniker.models import Job
from tests.running import due_job, is_alive, run_due, run_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

PYTHON = sys.executable

STARTS_ANOTHER = (
    "import subprocess,sys;"
    "p=subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(p.pid, flush=True);"
    "p.wait()"
)


@pytest.mark.parametrize(
    ("command", "args", "status", "exit_code", "reason"),
    [
        ("succeed", "", "succeeded", 0, None),
        ("exit_with", "0", "succeeded", 0, None),
        ("exit_with", "3", "failed", 3, "exited with status 3"),
        ("fail", "", "failed", 1, "exited with status 1"),
        ("die_by_signal", "SIGKILL", "failed", -9, "ended by signal SIGKILL"),
        ("die_by_signal", "SIGSEGV", "failed", -11, "ended by signal SIGSEGV"),
        ("die_by_signal", "SIGTERM", "failed", -15, "ended by signal SIGTERM"),
        ("warn_on_stderr", "", "failed", 0, "wrote to stderr"),
        ("echo_args", "--no-such-option", "failed", 1, "exited with status 1"),
    ],
)
def test_a_command_ends_as_what_it_did(
    command: str, args: str, status: str, exit_code: int, reason: str | None
) -> None:
    job = due_job(command, args)

    run_due()

    log = run_of(job)
    assert (log.status, log.exit_code, log.reason) == (status, exit_code, reason)
    assert log.success is (status == "succeeded")
    job.refresh_from_db()
    assert job.is_running is False
    assert job.last_run_successful is (status == "succeeded")


@pytest.mark.parametrize(
    ("words", "status", "exit_code", "reason"),
    [
        (f"{PYTHON} -c 'print(1)'", "succeeded", 0, None),
        (f"{PYTHON} -c 'import sys; sys.exit(7)'", "failed", 7, "exited with status 7"),
        (
            f"{PYTHON} -c 'import os; os.kill(os.getpid(), 9)'",
            "failed",
            -9,
            "ended by signal SIGKILL",
        ),
        ("/no/such/program --at-all", "failed", 127, "exited with status 127"),
    ],
)
def test_a_raw_command_ends_as_what_it_did(
    words: str, status: str, exit_code: int, reason: str | None
) -> None:
    job = due_job("", raw_command=words)

    run_due()

    log = run_of(job)
    assert (log.status, log.exit_code, log.reason) == (status, exit_code, reason)


def test_a_raw_command_may_write_to_stderr() -> None:
    job = due_job("", raw_command=f"{PYTHON} -c 'import sys; print(5, file=sys.stderr)'")

    run_due()

    assert (run_of(job).status, run_of(job).stderr) == ("succeeded", "5\n")


def test_a_job_says_for_itself_whether_stderr_is_failure(settings: Settings) -> None:
    tolerant = due_job("warn_on_stderr", stderr_is_failure=False)
    strict = due_job(
        "",
        name="strict",
        raw_command=f"{PYTHON} -c 'import sys; print(5, file=sys.stderr)'",
        stderr_is_failure=True,
    )

    run_due()

    assert run_of(tolerant).status == "succeeded"
    assert run_of(strict).reason == "wrote to stderr"


def test_a_project_says_that_stderr_is_no_failure(settings: Settings) -> None:
    settings.CHRONIKER_STDERR_IS_FAILURE = False
    job = due_job("warn_on_stderr")

    run_due()

    assert run_of(job).status == "succeeded"


def test_an_exception_leaves_its_traceback_on_stderr() -> None:
    job = due_job("fail")

    run_due()

    stderr = run_of(job).stderr
    assert stderr.startswith("Traceback (most recent call last):")
    assert "test_project/samples/management/commands/fail.py" in stderr


def test_an_error_of_a_command_is_told_as_manage_py_tells_it() -> None:
    job = due_job("fail", "'No such thing.' --politely")

    run_due()

    assert run_of(job).stderr == "CommandError: No such thing.\n"


@pytest.mark.parametrize("option", ["--traceback", "--traceb", "traceback=1"])
def test_an_error_of_a_command_comes_with_its_traceback_if_that_was_asked_for(option: str) -> None:
    job = due_job("fail", f"'No such thing.' --politely {option}")

    run_due()

    stderr = run_of(job).stderr
    assert stderr.startswith("Traceback (most recent call last):")
    assert stderr.endswith("CommandError: No such thing.\n")


def test_a_command_that_no_longer_exists_fails_and_says_so() -> None:
    job = due_job()
    Job.objects.update(command="gone")

    run_due()

    assert run_of(job).status == "failed"
    assert run_of(job).stderr == "There is no management command 'gone'.\n"


def test_a_run_that_takes_too_long_is_ended_with_its_whole_tree(settings: Settings) -> None:
    settings.CHRONIKER_KILL_GRACE_SECONDS = 1
    job = due_job("", raw_command=f'{PYTHON} -c "{STARTS_ANOTHER}"', timeout_seconds=2)

    run_due()

    log = run_of(job)
    assert (log.status, log.reason, log.on_time) == ("timed_out", "took longer than 2 s", False)
    assert not is_alive(int(log.stdout))


def test_a_run_that_ignores_the_request_to_end_is_killed_after_the_grace(
    settings: Settings,
) -> None:
    settings.CHRONIKER_KILL_GRACE_SECONDS = 1
    job = due_job("sleep_for", "60 --stubborn", timeout_seconds=1)

    run_due()

    log = run_of(job)
    assert (log.status, log.exit_code) == ("timed_out", -9)


def test_a_stubborn_process_in_a_session_of_its_own_is_gone_before_the_job_is_free(
    settings: Settings,
) -> None:
    settings.CHRONIKER_KILL_GRACE_SECONDS = 1
    code = STARTS_ANOTHER.replace("import time;", "import time,signal; signal.signal(15,1);")
    code = code.replace("])", "], start_new_session=True)")
    job = due_job("", raw_command=f'{PYTHON} -c "{code}"', timeout_seconds=2)

    run_due()

    assert not is_alive(int(run_of(job).stdout))
