"""cron_setup: what a crontab, systemd or a container is told, and a crontab that is written."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from chroniker.invocation import Invocation, crontab_line
from chroniker.management import recipes

CALL = Invocation(folder="/srv/my site", python="/venv/bin/python")
OTHERS = "MAILTO=me\n0 1 * * * /usr/bin/backup\n"


def called(*words: str, status: int = 0) -> str:
    out = io.StringIO()
    if not status:
        call_command("cron_setup", *words, stdout=out)
        return out.getvalue()
    with pytest.raises(CommandError) as refused:
        call_command("cron_setup", *words, stdout=out)
    assert refused.value.returncode == status
    return str(refused.value)


@pytest.fixture
def crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A crontab program of its own, that keeps the crontab in a file."""
    kept, program = tmp_path / "kept", tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh
        if [ "$1" = -l ]; then
            if [ -f {kept} ]; then cat {kept}; else echo "no crontab for me" >&2; exit 1; fi
        elif [ "$1" = - ]; then cat > {kept}; fi
        """
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("sys.argv", ["/srv/none"])
    monkeypatch.chdir(Path(__file__).parents[2] / "test_project")
    return kept


def test_the_line_is_quoted_for_the_shell_and_for_cron() -> None:
    assert crontab_line(CALL) == ("* * * * * cd '/srv/my site' && /venv/bin/python manage.py cron")
    strange = Invocation(folder="/srv/100%", python="python", settings="site.prod")
    assert crontab_line(strange) == (
        r"* * * * * cd /srv/100\% && python manage.py --settings=site.prod cron"
    )


def test_the_line_is_in_the_crontab_once_however_often_it_is_installed(crontab: Path) -> None:
    crontab.write_text(OTHERS)
    assert called("--install").startswith("Installed:")
    first = crontab.read_text()
    assert "nothing was changed" in called("--install")
    assert crontab.read_text() == first
    assert first.startswith(OTHERS)
    assert first.count("manage.py cron") == 1
    called("--remove")
    assert crontab.read_text() == OTHERS


def test_an_empty_crontab_gets_one_and_a_changed_line_is_replaced(crontab: Path) -> None:
    called("--install")
    installed = crontab.read_text()
    crontab.write_text("\n" + installed.replace("* * * * *", "*/5 * * * *") + OTHERS)
    called("--install")
    assert crontab.read_text() == f"\n{installed}{OTHERS}"


def test_what_the_crontab_program_refuses_is_told(crontab: Path) -> None:
    program = Path(shutil.which("crontab") or "")
    program.write_text("#!/bin/sh\necho you are not allowed >&2; exit 1\n")
    assert "you are not allowed" in called("--install", status=1)
    program.unlink()
    if shutil.which("crontab") is None:
        assert "no program crontab" in called("--install", status=1)


def test_two_projects_in_one_crontab_are_kept_apart() -> None:
    other = Invocation(folder="/srv/other", python="python")
    both = recipes.in_crontab(recipes.in_crontab("", CALL), other)
    assert both.count("manage.py cron") == 2
    assert recipes.in_crontab(both, CALL, installed=False) == recipes.crontab(other)


def test_other_systems_are_told_the_same_call(tmp_path: Path) -> None:
    units = recipes.systemd(Invocation(folder="/srv/100%", python="/venv/bin/py thon"))
    assert "WorkingDirectory=/srv/100%%\n" in units
    assert 'ExecStart="/venv/bin/py thon" manage.py cron\n' in units
    assert '["python", "manage.py", "cronserver"]' in recipes.container(CALL)
    job = recipes.kubernetes(CALL)
    assert 'command: ["python", "manage.py", "cron"]' in job
    assert 'workingDir: "/srv/my site"' in job
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(job)["spec"]["concurrencyPolicy"] == "Allow"
    assert yaml.safe_load(recipes.container(CALL))["services"]["chroniker"]["init"] is True


def test_the_line_that_is_printed_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["manage.py"])
    monkeypatch.chdir(Path(__file__).parents[2] / "test_project")
    line = called().splitlines()[1].removeprefix("* * * * * ")
    done = subprocess.run(
        ["sh", "-c", line.replace("manage.py cron", "manage.py cron --version")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for form in ("--systemd", "--docker", "--kubernetes"):
        assert str(Path.cwd()) in called(form)
