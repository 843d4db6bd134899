"""Raw commands that are lines of a shell: where they may be, and how they run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from chroniker.models import Job
from tests.running import Manage, due_job, is_alive, run_due, run_of, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.one_database("what a run is given, and what its process makes of it"),
]

allowed = override_settings(CHRONIKER_ALLOW_SHELL=True)


def shell_job(line: str, shell: str = "/bin/sh", **values: Any) -> Job:
    return due_job("", raw_command=line, shell=shell, name="line", **values)


# Row: Choose bash as shell
@pytest.mark.process
@allowed
def test_a_line_is_read_by_the_shell_that_is_chosen() -> None:
    line = "printf '%s ' {a,b} \"$CHRONIKER_JOB_ID\" | tr a-z A-Z && [[ 1 < 2 ]] && echo {job_id}"
    job = shell_job(line, "/bin/bash")
    run_due()
    log = run_of(job)
    assert (log.stdout, log.stderr) == (f"A B {job.pk} {{job_id}}\n", "")


@pytest.mark.process
@allowed
def test_the_status_of_a_pipe_is_its_last_unless_the_line_says_otherwise() -> None:
    first = shell_job("false | true")
    second = shell_job("set -o pipefail; false | true", "/bin/bash")
    run_due()
    assert run_of(first).exit_code == 0
    assert run_of(second).exit_code == 1


@pytest.mark.process
def test_all_that_a_line_has_started_ends_with_it(manage: Manage, tmp_path: Path) -> None:
    manage.set(CHRONIKER_ALLOW_SHELL=True)
    pids = tmp_path / "pids"
    with allowed:
        shell_job(f"(sleep 600 & echo $! >> {pids}; wait) | cat; sleep 600", timeout_seconds=3)
    assert manage("cron").returncode == 1
    (pid,) = [int(pid) for pid in pids.read_text().split()]
    wait_until(lambda: not is_alive(pid))
    assert run_of(Job.objects.get()).status == "timed_out"


@pytest.mark.process
def test_a_stored_line_is_refused_where_shells_are_not_allowed() -> None:
    with allowed:
        job = shell_job("echo a")
    run_due()
    log = run_of(job)
    assert (log.exit_code, log.stdout) == (126, "")
    assert "CHRONIKER_ALLOW_SHELL" in log.stderr


@pytest.mark.parametrize(
    ("values", "given", "words"),
    [
        ({}, {}, "CHRONIKER_ALLOW_SHELL"),
        ({"shell": "/bin/zsh"}, {"CHRONIKER_ALLOW_SHELL": True}, "/bin/zsh is none of"),
        (
            {"raw_command": "", "command": "succeed"},
            {"CHRONIKER_ALLOW_SHELL": True},
            "Only a raw command",
        ),
    ],
)
def test_what_may_not_be_run_is_refused_on_save(
    values: dict[str, Any], given: dict[str, Any], words: str
) -> None:
    job = Job(**{"name": "a", "raw_command": "echo a | cat", "shell": "/bin/sh"} | values)
    with override_settings(**given), pytest.raises(ValidationError) as refused:
        job.save()
    assert words in str(refused.value.message_dict["shell"])


def test_without_a_shell_the_line_has_to_be_words_again() -> None:
    with allowed:
        job = shell_job("echo \"it's")
        job.shell = ""
        with pytest.raises(ValidationError) as refused:
            job.save()
    assert "raw_command" in refused.value.message_dict


def test_where_shells_are_no_longer_allowed_such_a_job_can_be_disabled_and_mended() -> None:
    with allowed:
        job = shell_job("echo a | cat")
    job.enabled = False
    job.save()
    job.raw_command = "echo b | cat"
    with pytest.raises(ValidationError):
        job.save()
    job.raw_command, job.shell = "echo b", ""
    job.save()
