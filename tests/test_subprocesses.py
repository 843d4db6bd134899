"""run_process(): programs that a command starts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

import chroniker
from chroniker import run_process
from chroniker.exceptions import ProcessFailed
from chroniker.models import Log
from tests.running import ROOT, Manage, due_job, is_alive, run_of, wait_until

pytestmark = pytest.mark.process


def python(code: str, **options: Any) -> Any:
    return run_process([sys.executable, "-c", code], **options)


# Row: Subprocess helper in a job
def test_what_a_program_prints_is_printed_here_and_returned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = python("import sys; print('out'); print('ö', file=sys.stderr); sys.exit(3)")
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "ö\n")
    assert not done.succeeded
    assert capsys.readouterr() == ("out\n", "ö\n")


def test_arguments_reach_the_program_as_they_are(tmp_path: Path) -> None:
    done = run_process(["printf", "%s|", "two words", "$HOME; ls", "'\""], cwd=tmp_path)
    assert done.stdout == "two words|$HOME; ls|'\"|"
    assert run_process(["pwd"], cwd=tmp_path).stdout == f"{tmp_path}\n"
    with pytest.raises(TypeError, match="takes a list"):
        run_process("echo a")


def test_input_and_variables_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "k")
    monkeypatch.setenv("GONE", "g")
    code = "import os, sys; print(sys.stdin.read(), *map(os.environ.get, ('KEPT', 'GONE', 'NEW')))"
    done = python(code, input="text", env={"GONE": None, "NEW": "n"})
    assert done.stdout == "text k None n\n"
    assert python("import sys; sys.stdin.close()", input=b"x" * 1_000_000).succeeded


def test_a_failure_is_raised_if_that_is_wanted() -> None:
    with pytest.raises(ProcessFailed, match="ended with status 3: no such file") as failed:
        run_process(["sh", "-c", "echo no such file >&2; exit 3"], check=True)
    assert failed.value.result.returncode == 3
    with pytest.raises(FileNotFoundError):
        run_process(["/no/such/program"])


def test_a_time_limit_ends_the_whole_tree(tmp_path: Path, settings: Any) -> None:
    settings.CHRONIKER_KILL_GRACE_SECONDS = 0.5
    pids = tmp_path / "pids"
    stubborn = f"trap '' TERM; echo $$ >> {pids}; sleep 60 & echo $! >> {pids}; wait; sleep 60"
    # One more that leaves the group.
    line = f"setsid sh -c 'echo $$ >> {pids}; exec sleep 60' & {stubborn}"
    done = run_process(["sh", "-c", line], timeout=1)
    assert done.timed_out
    assert done.returncode == -9
    found = [int(pid) for pid in pids.read_text().split()]
    assert len(found) == 3
    wait_until(lambda: not any(is_alive(pid) for pid in found), seconds=30)


def test_of_much_output_the_end_is_returned(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.CHRONIKER_MAX_OUTPUT_BYTES = 200_000
    done = python("for number in range(100_000): print(number)")
    assert done.stdout.endswith("99999\n")
    assert len(done.stdout) <= 300_000
    assert capsys.readouterr().out.count("\n") == 100_000


def test_a_program_that_leaves_another_one_behind_is_not_waited_for() -> None:
    done = run_process(["sh", "-c", "sleep 20 & echo $!; echo done"])
    pid, word = done.stdout.split()
    assert word == "done"
    psutil.Process(int(pid)).kill()


@pytest.mark.django_db(transaction=True)
@pytest.mark.one_database("what a run prints")
def test_in_a_run_its_lines_show_at_once_and_a_kill_leaves_nothing(manage: Manage) -> None:
    line = "echo one; cat; echo pid $$; sleep 60"
    job = due_job("call_program", f'--input=two -- sh -c "{line}"', name="calls")
    cron = manage.start("cron")
    printed = wait_until(
        lambda: next((log.stdout for log in Log.objects.all() if "pid " in log.stdout), "")
    )
    assert printed.startswith("one\ntwopid ")
    pid = int(printed.split()[-1])
    manage("cron_stop", "calls", "--wait", "60s")
    wait_until(lambda: not is_alive(pid))
    assert run_of(job).status == "stopped"
    cron.wait(120)


def test_it_is_imported_only_when_it_is_asked_for() -> None:
    code = "import chroniker, sys; assert 'subprocess' not in sys.modules; chroniker.run_process"
    assert run_process([sys.executable, "-c", code], cwd=ROOT).succeeded
    with pytest.raises(AttributeError, match="no_such_name"):
        chroniker.no_such_name  # noqa: B018
