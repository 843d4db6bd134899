"""Jobs to files and back, on the command line: shown first, then all of it or nothing."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from chroniker.exceptions import CannotImport
from chroniker.interchange.application import apply
from chroniker.interchange.comparison import compare
from chroniker.interchange.files import FORMS
from chroniker.models import Job, JobDependency
from tests.running import ROOT, Manage
from tests.ticking import new_job

pytestmark = pytest.mark.django_db(transaction=True)


def run(command: str, *arguments: str) -> str:
    out, err = StringIO(), StringIO()
    call_command(command, *arguments, stdout=out, stderr=err)
    return out.getvalue() + err.getvalue()


def refusal(*arguments: str) -> CommandError:
    with pytest.raises(CommandError) as error:
        run("cron_import", *arguments)
    return error.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two jobs, one of which waits for the other."""
    load, report = new_job("load"), new_job("report", weight=2)
    JobDependency.objects.create(dependent=report, dependee=load, wait_for_success=False)
    path = tmp_path / "jobs.json"
    run("cron_export", "-o", str(path))
    return path


def edit(file: Path, name: str, **values: Any) -> None:
    data = json.loads(file.read_text())
    (job,) = (job for job in data["jobs"] if job["name"] == name)
    job.update(values)
    file.write_text(json.dumps(data))


def test_what_was_exported_makes_the_same_jobs_in_an_empty_database(file: Path) -> None:
    Job.objects.all().delete()

    told = run("cron_import", str(file), "--yes")

    assert told.splitlines()[0] == "+ load (new)"
    assert told.splitlines()[-1] == "Imported: 2 jobs."
    link = JobDependency.objects.get()
    assert (link.dependent.name, link.dependee.name) == ("report", "load")
    assert (link.wait_for_success, link.wait_for_completion) == (False, True)
    assert run("cron_export") == file.read_text()


def test_a_second_time_there_is_nothing_to_change(file: Path) -> None:
    assert run("cron_import", str(file)) == "= 2 unchanged\nNothing to change.\n"


def test_a_dry_run_shows_each_change_and_makes_none(file: Path) -> None:
    edit(file, "report", weight=1, dependencies=[])

    told = run("cron_import", str(file), "--dry-run")

    assert "~ report (changed)\n    weight: 2 -> 1\n" in told
    assert "    dependencies: [{" in told
    assert Job.objects.get(name="report").weight == 2
    assert JobDependency.objects.count() == 1


def test_what_changed_is_changed_and_counts_as_a_revision(file: Path) -> None:
    edit(file, "report", weight=1, dependencies=[{"job": "load"}])
    before = Job.objects.get(name="report")

    run("cron_import", str(file), "--yes")

    after = Job.objects.get(name="report")
    assert (after.weight, after.revision) == (1, before.revision + 1)
    assert after.next_run == before.next_run
    assert JobDependency.objects.get().wait_for_success is True


def test_a_job_that_is_here_keeps_its_next_run_unless_its_schedule_changes(file: Path) -> None:
    soon = {"next_run": "2030-01-01T00:00:00Z"}
    kept = Job.objects.get(name="load").next_run
    edit(file, "load", **soon)
    assert run("cron_import", str(file)).endswith("Nothing to change.\n")

    edit(file, "load", **soon, frequency="CRON", cron_expression="59 23 31 12 *")
    run("cron_import", str(file), "--yes")

    job = Job.objects.get(name="load")
    assert job.next_run != kept
    assert (job.next_run.month, job.next_run.day, job.next_run.minute) == (12, 31, 59)


def test_of_a_job_that_runs_once_the_next_run_is_the_schedule(file: Path) -> None:
    Job.objects.filter(name="load").update(frequency="ONCE")
    file.write_text('{"chroniker": 1, "jobs": [{"name": "load", "next_run": "2040-01-01"}]}')
    run("cron_import", str(file), "--yes")
    assert Job.objects.get(name="load").next_run.year == 2040


def test_with_prune_jobs_that_are_not_in_the_file_are_disabled(file: Path) -> None:
    new_job("old")
    assert "- old (not in the file: disabled)" in run("cron_import", str(file), "--yes", "--prune")
    assert Job.objects.get(name="old").enabled is False


def test_one_fault_lets_nothing_be_changed(file: Path) -> None:
    edit(file, "load", weight=1)
    edit(file, "report", command="no_such_command")

    error = refusal(str(file), "--yes")

    assert error.returncode == 2
    assert str(error).splitlines()[0] == "Nothing was changed."
    assert "jobs[1] (report).command: There is no management command" in str(error)
    assert Job.objects.get(name="load").weight == 1


def test_without_a_terminal_and_a_yes_it_refuses(file: Path) -> None:
    edit(file, "load", weight=0)
    error = refusal(str(file))
    assert error.returncode == 2
    assert "there is no terminal to ask at. Give --yes" in str(error)
    assert Job.objects.get(name="load").weight == 1


@pytest.mark.one_database("what is asked at a terminal")
@pytest.mark.parametrize(("answer", "status", "weight"), [("y", 0, 0), ("", 1, 1)])
def test_at_a_terminal_it_asks_first(
    file: Path, manage: Manage, answer: str, status: int, weight: int
) -> None:
    edit(file, "load", weight=0)
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "w") as keyboard:
        keyboard.write(f"{answer}\n")
        keyboard.flush()
        done = subprocess.run(
            [sys.executable, "-m", "django", "cron_import", str(file)],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "test_project.settings"},
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
        )
    os.close(theirs)
    assert done.returncode == status, done.stderr
    assert "Import this (1 job)? [y/N]" in done.stdout
    assert Job.objects.get(name="load").weight == weight


def test_what_was_changed_meanwhile_lets_nothing_be_changed(file: Path) -> None:
    edit(file, "load", weight=0)
    document = FORMS["json"].read(file.read_text())
    agreed = compare(document, "default").fingerprint
    report = Job.objects.get(name="report")
    report.weight = 1
    report.save()

    with pytest.raises(CannotImport, match="changed meanwhile"):
        apply(document, "default", agreed=agreed)

    assert Job.objects.get(name="load").weight == 1


def test_jobs_are_known_by_the_fields_of_the_natural_key(
    settings: Settings, tmp_path: Path
) -> None:
    settings.CHRONIKER_JOB_NK = ("group", "name")
    one, two = new_job("load", group="a"), new_job("load", group="b")
    JobDependency.objects.create(dependent=two, dependee=one)
    path = tmp_path / "jobs.json"
    run("cron_export", "-o", str(path))
    (link,) = json.loads(path.read_text())["jobs"][1]["dependencies"]
    assert link["job"] == {"group": "a", "name": "load"}
    Job.objects.all().delete()

    run("cron_import", str(path), "--yes")

    assert JobDependency.objects.get().dependee.group == "a"


def test_jobs_that_cannot_be_told_apart_are_not_exported() -> None:
    new_job("twin"), new_job("twin")
    with pytest.raises(CommandError, match="2 jobs are called 'twin': rename them") as error:
        run("cron_export")
    assert error.value.returncode == 2


def test_subscribers_are_known_by_their_names(file: Path, django_user_model: Any) -> None:
    django_user_model.objects.create_user("ada")
    edit(file, "load", subscribers=["ada", "nobody"])

    told = run("cron_import", str(file), "--yes")

    assert "subscribers of load: there is no such user here: nobody" in told
    assert [user.username for user in Job.objects.get(name="load").subscribers.all()] == ["ada"]


@pytest.mark.one_database("the file that is written")
def test_a_file_is_for_its_owner_and_only_the_named_jobs_are_in_it(tmp_path: Path) -> None:
    new_job("load"), new_job("report")
    path = tmp_path / "jobs.yaml"
    run("cron_export", "report", "-o", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in FORMS["yaml"].read(path.read_text()).jobs] == ["report"]


@pytest.mark.one_database("the words on stderr")
def test_what_a_crontab_cannot_say_is_told() -> None:
    new_job("waits", enabled=False)
    told = run("cron_export", "--format", "crontab")
    assert "waits: it is disabled; it is only in a remark" in told


@pytest.mark.one_database("wrong options")
def test_wrong_options_are_told(tmp_path: Path) -> None:
    for arguments, words in (
        ((), "Name a file, or give --from."),
        ((str(tmp_path / "none.json"),), "No such file"),
        ((str(tmp_path / "jobs"),), "--format: say which"),
    ):
        error = refusal(*arguments)
        assert error.returncode == 2
        assert words in str(error)
