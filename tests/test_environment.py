"""What may be written as a job's environment, and what its references stand for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from chroniker import environment
from chroniker.environment import Reference
from chroniker.exceptions import InvalidEnvironment


def test_lines_are_names_and_values_besides_remarks_and_blank_lines() -> None:
    text = "# where\nREGION=eu west \n\n  # who\r\nEMPTY=\r\nA=b=c\nAT=@@home\nKEY=@file:/run/key"

    assert environment.parse(text) == [
        ("REGION", "eu west "),
        ("EMPTY", ""),
        ("A", "b=c"),
        ("AT", "@home"),
        ("KEY", Reference("file", "/run/key")),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("REGION", "write NAME=value"),
        ("=x", "'' is no name"),
        ("A B=x", "'A B' is no name"),
        ("A =x", "without spaces"),
        ("export A=x", "is no name"),
        ("Ä=x", "is no name"),
        ("1A=x", "is no name"),
        ("FIRST=x", "FIRST has a value already"),
        ("A=\0", "null character"),
        ("A=\udc80", "UTF-8"),
        ("CHRONIKER_RUN_TOKEN=x", "is set by the scheduler itself"),
        ("CHRONIKER_BACKFILL=1", "is set by the scheduler itself"),
        ("DJANGO_SETTINGS_MODULE=x", "is set by the scheduler itself"),
        ("A=@vault:x", "or @@ for an @"),
        ("A=@env:", "or @@ for an @"),
        ("A=@home", "or @@ for an @"),
        ("A=@file:key", "write the path from / on"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_with_its_mend(line: str, said: str) -> None:
    with pytest.raises(InvalidEnvironment) as caught:
        environment.parse(f"FIRST=1\n{line}")

    assert str(caught.value).startswith("Line 2: ")
    assert said in str(caught.value)


def test_references_stand_for_settings_variables_and_files(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.VAULT = {"db": {"password": "of a setting"}, "port": 5432}
    monkeypatch.setenv("OUTER", "of a variable")
    (tmp_path / "key").write_text("of\na file\n\n")

    def value(kind: str, target: str) -> str:
        return environment.resolve(Reference(kind, target))

    assert value("setting", "VAULT.db.password") == "of a setting"
    assert value("setting", "VAULT.port") == "5432"
    assert value("env", "OUTER") == "of a variable"
    assert value("file", str(tmp_path / "key")) == "of\na file\n"


def test_what_cannot_be_looked_up_is_named_but_never_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.VAULT = {"list": ["hidden"], "null": "hidden\0"}
    monkeypatch.setenv("BYTES", "hidden\udcff")
    (tmp_path / "long").write_bytes(b"hidden" * environment.MOST_FILE_BYTES)
    (tmp_path / "binary").write_bytes(b"hidden\xff")
    os.mkfifo(tmp_path / "pipe")
    told = {
        "setting:VAULT.db.user": "there is no setting VAULT.db",
        "setting:VAULT.list": "it is no text or number, but list",
        "setting:VAULT.null": "null character",
        "env:NOT_THERE": "the scheduler has no such variable",
        "env:BYTES": "not text in UTF-8",
        f"file:{tmp_path}/gone": "No such file",
        f"file:{tmp_path}/long": "more than 16,384 bytes",
        f"file:{tmp_path}/binary": "not text in UTF-8",
        f"file:{tmp_path}/pipe": "not a file",
        f"file:{tmp_path}": "not a file",
    }

    for reference, said in told.items():
        kind, _colon, target = reference.partition(":")
        with pytest.raises(InvalidEnvironment) as caught:
            environment.resolve(Reference(kind, target))
        assert str(caught.value).startswith(f"@{reference}: ")
        assert said in str(caught.value)
        assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        *("LD_PRELOAD=x", "ld_library_path=x", "DYLD_INSERT_LIBRARIES=x", "PATH=x", "ENV=x"),
        *("PYTHONPATH=x", "PYTHONSTARTUP=x", "PYTHON_BASIC_REPL=x", "BASH_ENV=x", "https_proxy=x"),
        *("GIT_SSH_COMMAND=x", "NODE_OPTIONS=x", "PERL5LIB=x", "SSL_CERT_FILE=x", "A=@env:B"),
    ],
)
def test_what_decides_which_code_runs_or_lends_a_secret_is_guarded(line: str) -> None:
    assert environment.guarded_lines(f"REGION=eu\nDATA_PATH=/x\n{line}\nENVOY=1\nAT=@@x") == {
        environment.parse(line)[0]
    }
