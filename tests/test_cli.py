"""The ``chroniker`` program, as a line of the system's crontab calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

import chroniker
from chroniker import cli
from chroniker.models import Log
from tests.running import ROOT, due_job, run_of

pytestmark = pytest.mark.process

PROGRAM = ROOT / "bin" / "chroniker"
PROJECT = ("-p", str(ROOT / "test_project"), "-s", "test_project.settings")


def called(*words: str, program: Path = PROGRAM, **environment: str) -> Any:
    """The program's end; it finds neither project nor settings by chance."""
    without = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if name not in without}
    return subprocess.run(
        [sys.executable, str(program), *words],
        cwd="/",
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# Configuration errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "which project?"),
        (["-p", "/no/such/folder"], "there is no folder /no/such/folder"),
        (["-s", "no_such.settings"], "no_such.settings"),
        (["-p", str(ROOT / "tests")], "tests.settings"),
        ([*PROJECT, "-e", "/no/such/environment"], "/no/such/environment is not a virtual env"),
        (["-x"], "unrecognized arguments: -x"),
        ([*PROJECT, "-q", "-l"], "not allowed with"),
        ([*PROJECT, "--jobs=abc"], "'abc' is not the id of a job"),
    ],
    ids=lambda value: " ".join(value)[-40:] if isinstance(value, list) else None,
)
def test_a_wrong_configuration_is_status_2_and_a_clear_message(
    words: list[str], message: str
) -> None:
    done = called(*words)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a project whose settings a test writes."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    return folder


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("INSTALLED_APPS = []", "'chroniker' is not in INSTALLED_APPS"),
        ("INSTALLED_APPS = ['no_such_app']", "No module named 'no_such_app'"),
        ("SECRET_KEY =", "SyntaxError"),
        ("raise RuntimeError('not today')", "RuntimeError: not today"),
    ],
)
def test_settings_that_cannot_be_loaded_are_named_with_their_fault(
    source: str, message: str, project: Path
) -> None:
    (project / "settings.py").write_text(source)

    done = called("-p", str(project))

    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) <= 5


def test_loudly_the_traceback_is_shown_as_well(project: Path) -> None:
    (project / "settings.py").write_text("raise RuntimeError('not today')")

    done = called("-p", str(project), "-l")

    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_a_database_that_does_not_answer_is_status_75() -> None:
    away = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/no/such/folder/db.sqlite3"}
    environment = json.dumps({"DATABASES": {"default": away}})

    done = called(*PROJECT, CHRONIKER_TEST_SETTINGS=environment)

    assert done.returncode == 75
    assert done.stderr.count("\n") == 1


def test_help_and_version_need_no_project() -> None:
    assert "-e VIRTUALENV" in called("--help").stdout
    assert called("--version").stdout == f"{chroniker.__version__}\n"


# Running


@pytest.fixture
def jobs(transactional_db: None) -> tuple[Any, Any]:
    """A job that succeeds and one that fails, both due."""
    return due_job(name="good"), due_job("exit_with", "3", name="bad")


def test_what_is_due_runs_and_the_status_is_cron_s(jobs: tuple[Any, Any]) -> None:
    first = called(*PROJECT)
    second = called(*PROJECT)

    assert (first.returncode, first.stdout) == (1, "")
    assert "bad (exited with status 3)" in first.stderr
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert [run_of(job).status for job in jobs] == ["succeeded", "failed"]


def test_quietly_nothing_is_printed_and_the_status_tells(jobs: tuple[Any, Any]) -> None:
    done = called(*PROJECT, "-q")

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert Log.objects.count() == 2


def test_loudly_each_step_is_told_and_only_the_named_jobs_run(jobs: tuple[Any, Any]) -> None:
    good, _bad = jobs

    done = called(*PROJECT, "-l", f"--jobs={good.pk}")

    assert done.returncode == 0
    assert "good: succeeded" in done.stdout
    assert [log.job for log in Log.objects.all()] == [good]


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_spawned_job_does_not_start_the_program_again(method: str, jobs: tuple[Any, Any]) -> None:
    known = json.loads(os.environ["CHRONIKER_TEST_SETTINGS"])
    environment = json.dumps(known | {"CHRONIKER_START_METHOD": method})

    called(*PROJECT, CHRONIKER_TEST_SETTINGS=environment)

    assert [run_of(job).status for job in jobs] == ["succeeded", "failed"]


def test_settings_come_from_the_environment_without_an_option(jobs: tuple[Any, Any]) -> None:
    done = called("-p", str(ROOT), DJANGO_SETTINGS_MODULE="test_project.settings")

    assert done.returncode == 1
    assert Log.objects.count() == 2


def test_the_project_s_folder_names_its_settings(jobs: tuple[Any, Any]) -> None:
    assert called("-p", str(ROOT / "test_project")).returncode == 1
    assert Log.objects.count() == 2


# Virtual environments


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that has a module of its own, and no activate_this.py."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "only_there.py").write_text("SECRET_KEY = 'x'\nINSTALLED_APPS = []\n")
    (packages / "extra.pth").write_text(f"{folder / 'more'}\n")
    (folder / "more").mkdir()
    return folder


@pytest.mark.parametrize("within", ["", "bin/activate_this.py", "bin/python", "bin"])
def test_modules_of_the_environment_are_found(within: str, environment: Path) -> None:
    done = called("-e", str(environment / within), "-s", "only_there")

    assert done.returncode == 2
    assert "'chroniker' is not in INSTALLED_APPS" in done.stderr


def test_an_activate_this_file_is_executed(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "only_there.py").write_text("raise RuntimeError('found')")
    script = tmp_path / "activate_this.py"
    script.write_text(
        "import pathlib, sys\nsys.path.append(str(pathlib.Path(__file__).parent / 'packages'))\n"
    )

    done = called("-e", str(script), "-s", "only_there")

    assert "RuntimeError: found" in done.stderr


def test_the_environment_comes_first(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("VIRTUAL_ENV", "before")

    cli.use_environment(environment)

    (packages,) = environment.glob("lib/python*/site-packages")
    assert sys.path[:2] == [str(packages), str(environment / "more")]
    assert os.environ["PATH"] == f"{environment / 'bin'}:/usr/bin"
    assert os.environ["VIRTUAL_ENV"] == str(environment)


def test_an_environment_of_another_python_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").write_text("")
    (tmp_path / "lib" / "python2.7" / "site-packages").mkdir(parents=True)

    with pytest.raises(cli.ConfigurationError, match=r"it has: python2\.7") as caught:
        cli.use_environment(tmp_path)

    assert f"{tmp_path}/bin/chroniker" in str(caught.value)
