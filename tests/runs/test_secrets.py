"""What a job's references stand for shows nowhere: not in what is stored, mailed or shown."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from pytest_django import Settings

from chroniker.dispatch.leftovers import clear_up
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.runs import capture
from chroniker.runs.spool import Spool
from tests.running import Manage, due_job, printed_so_far, run_due, run_of, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.process,
    pytest.mark.one_database("what a run is given, and what its process makes of it"),
]

SECRET = "hunter2-of-the-file"
WITHHELD = "[output withheld, for its secrets are not known: "


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The file with the secret."""
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n")
    return path


def program(tmp_path: Path, text: str) -> str:
    """A raw command that runs this, with the secret as KEY."""
    path = tmp_path / "program.py"
    path.write_text(f"import os, sys, time\nKEY = os.environ['KEY']\n{text}")
    return f"{sys.executable} {path}"


def secretive(tmp_path: Path, text: str, key: Path, **values: Any) -> Job:
    raw = program(tmp_path, text)
    return due_job("", raw_command=raw, environment=f"KEY=@file:{key}", **values)


def shown_so_far() -> str:
    """What the database shows of the only run."""
    log = Log.objects.first()
    return log.stdout if log else ""


def everything_stored() -> str:
    return repr([*Job.objects.values(), *Log.objects.values()])


@pytest.fixture
def targets(settings: Settings, monkeypatch: pytest.MonkeyPatch, key: Path) -> dict[str, str]:
    """Where each kind of reference finds the secret."""
    settings.VAULT = {"key": SECRET}
    monkeypatch.setenv("OUTER", SECRET)
    return {"setting": "VAULT.key", "env": "OUTER", "file": str(key)}


@pytest.mark.parametrize("way", ["process", "inline"])
@pytest.mark.parametrize("kind", ["setting", "env", "file"])
def test_the_run_gets_the_secret_and_nobody_reads_it(
    capsys: pytest.CaptureFixture[str], targets: dict[str, str], kind: str, way: str
) -> None:
    target = targets[kind]
    code = "import os; print(len(os.environ['KEY'])); print('the', os.environ['KEY'])"
    raw = f'{sys.executable} -c "{code}"'
    jobs = [
        due_job("show_environment", "KEY", environment=f"KEY=@{kind}:{target}"),
        due_job("", raw_command=raw, environment=f"KEY=@{kind}:{target}"),
    ]

    if way == "process":
        run_due()
    else:
        for job in jobs:
            job.run()

    assert '"KEY": "***"' in run_of(jobs[0]).stdout
    assert run_of(jobs[1]).stdout == f"{len(SECRET)}\nthe ***\n"
    assert SECRET not in everything_stored()
    assert SECRET not in capsys.readouterr().out


def test_mails_callbacks_and_records_of_logging_do_not_tell_it(key: Path) -> None:
    anna = User.objects.create_user("anna", "anna@example.com")
    job = due_job("write_log_records", environment=f"KEY=@file:{key}")
    job.subscribers.add(anna)
    # The records of this command say what they say; the secret is one of their words.
    key.write_text("INFO\n")
    job.email_success_to_subscribers = True
    job.save()

    job.run()

    log = run_of(job)
    assert "***" in log.stdout
    assert "INFO" not in everything_stored()
    assert all("INFO" not in str(message.message()) for message in mail.outbox)


def test_while_the_job_runs_it_is_hidden_as_well(manage: Manage, tmp_path: Path, key: Path) -> None:
    secretive(tmp_path, "print('now', KEY, end='', flush=True); time.sleep(60)", key)
    manage.start("cron")

    wait_until(shown_so_far)

    assert Log.objects.get().stdout == "now ***"


def test_it_is_hidden_where_the_newest_output_begins_in_the_midst_of_it(
    manage: Manage, tmp_path: Path, key: Path
) -> None:
    newest = capture.LIVE_BYTES - 5
    text = f"sys.stdout.write('x' * 9 + KEY + 'y' * {newest}); sys.stdout.flush(); time.sleep(60)"
    secretive(tmp_path, text, key)
    manage.start("cron")

    wait_until(shown_so_far)

    assert Log.objects.get().stdout == "***" + "y" * newest


def test_it_is_hidden_where_the_gap_in_long_output_cuts_it(
    settings: Settings, tmp_path: Path, key: Path
) -> None:
    settings.CHRONIKER_MAX_OUTPUT_BYTES = 4096
    at_both = f"'x' * {1024 - 2} + KEY + 'y' * 9999 + KEY + 'z' * {3072 - 6}"
    job = secretive(tmp_path, f"sys.stdout.write({at_both})", key)

    run_due()

    log = run_of(job)
    assert log.output_truncated
    head, _gap, tail = log.stdout.partition("\n[…")
    assert head == "x" * (1024 - 2) + "***"
    assert tail.endswith("left out …]\n\n***" + "z" * (3072 - 6))


def test_a_secret_of_several_lines_is_hidden_line_by_line(tmp_path: Path, key: Path) -> None:
    key.write_text("-- begin --\nabcdefgh\nabc\n-- end --\n")
    job = secretive(tmp_path, "print(KEY); print(KEY.split()[3])", key)

    run_due()

    assert run_of(job).stdout == "***\n***\nabc\n***\n***\n"


def test_what_a_killed_scheduler_leaves_is_masked_by_the_next(
    manage: Manage, tmp_path: Path, key: Path
) -> None:
    job = killed_with_its_scheduler(manage, tmp_path, key)

    run_due()

    assert Log.objects.get(job=job).stdout == "now ***\n"
    assert SECRET not in everything_stored()


def killed_with_its_scheduler(manage: Manage, tmp_path: Path, key: Path) -> Job:
    """A job that has printed its secret, and was killed after its scheduler; disabled by now."""
    job = secretive(tmp_path, "print('now', KEY, flush=True); time.sleep(600)", key)
    cron = manage.start("cron")
    wait_until(printed_so_far)
    spool = Spool.of(Job.objects.get().lock_file)
    cron.send_signal(signal.SIGSTOP)
    tree = [spool.read_process()]
    cron.kill()
    cron.communicate()
    end_tree(tree[0])
    wait_until(lambda: not spool.is_locked())
    Log.objects.update(stdout="")
    Job.objects.update(enabled=False)
    return job


def end_tree(pid: int | None) -> None:
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)


@pytest.mark.parametrize("change", ["another value", "gone", "not asked for any more"])
def test_output_whose_secrets_cannot_be_told_any_more_is_withheld(
    manage: Manage, tmp_path: Path, key: Path, change: str
) -> None:
    job = killed_with_its_scheduler(manage, tmp_path, key)
    if change == "another value":
        key.write_text("another")
    elif change == "gone":
        key.unlink()
    else:
        Job.objects.update(environment="")

    run_due()

    assert Log.objects.get(job=job).stdout.startswith(WITHHELD)
    assert SECRET not in everything_stored()


def test_a_secret_that_changes_while_the_job_runs_is_still_hidden(
    tmp_path: Path, key: Path
) -> None:
    job = secretive(tmp_path, f"open({str(key)!r}, 'w').write('new\\n'); print('was', KEY)", key)

    run_due()

    assert run_of(job).stdout == "was ***\n"


def test_what_is_added_late_to_a_lost_run_is_masked(
    manage: Manage, tmp_path: Path, key: Path
) -> None:
    job = killed_with_its_scheduler(manage, tmp_path, key)
    # As if another host had recorded it as lost meanwhile.
    ended = {"run_end_datetime": database_now("default"), "duration_ms": 0, "duration_seconds": 0}
    Log.objects.update(status="lost", active_for=None, **ended)
    Job.objects.update(is_running=False, claim_token=None, lease_expires=None, lock_file="")

    clear_up("default", database_now("default"))

    assert Log.objects.get(job=job).stdout == "now ***\n"


def test_an_orphan_masks_its_output_itself(manage: Manage, tmp_path: Path, key: Path) -> None:
    wait = "while os.path.exists(sys.argv[1]): time.sleep(0.02)"
    flag = tmp_path / "flag"
    flag.touch()
    raw = program(tmp_path, f"print('now', KEY, flush=True)\n{wait}")
    due_job("", raw_command=f"{raw} {flag}", environment=f"KEY=@file:{key}")
    cron = manage.start("cron")
    wait_until(printed_so_far)
    cron.kill()
    cron.communicate()
    key.unlink()

    flag.unlink()
    wait_until(lambda: not Job.objects.get().is_running)

    assert (Log.objects.get().status, Log.objects.get().stdout) == ("succeeded", "now ***\n")
