"""What an installation is called by itself: the same wherever it is written otherwise."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

from chroniker import installation_name


def name(monkeypatch: pytest.MonkeyPatch, vendor: str = "postgresql", **values: Any) -> str:
    described = {"NAME": "app", "HOST": "db", "PORT": "", "USER": "me", "PASSWORD": "secret"}
    connection = SimpleNamespace(vendor=vendor, settings_dict=described | values)
    monkeypatch.setattr(installation_name, "connections", {"default": connection})
    return installation_name.of_installation("default")


def test_it_names_settings_and_database_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert name(monkeypatch) == "test_project.settings, postgresql db/app"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"HOST": ""}, {"HOST": "localhost"}),
        ({"HOST": "127.0.0.1"}, {"HOST": "/var/run/postgresql"}),
        ({"PORT": 5432}, {"PORT": ""}),
        ({"HOST": "DB"}, {"HOST": "db"}),
        ({"USER": "me"}, {"USER": "you", "PASSWORD": "other"}),
    ],
)
def test_what_is_only_written_otherwise_has_one_name(
    monkeypatch: pytest.MonkeyPatch, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert name(monkeypatch, **one) == name(monkeypatch, **other)


@pytest.mark.parametrize("other", [{"HOST": "db2"}, {"NAME": "app2"}, {"PORT": "6432"}])
def test_another_database_has_another_name(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    assert name(monkeypatch) != name(monkeypatch, **other)


def test_a_file_is_known_by_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    monkeypatch.chdir(tmp_path)
    names = {name(monkeypatch, "sqlite", NAME=file) for file in ("file", tmp_path / "link")}
    assert names == {f"test_project.settings, sqlite {tmp_path.resolve()}/file"}


def test_a_long_name_is_cut_and_still_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {name(monkeypatch, NAME="n" * 300 + end) for end in "ab"}
    assert [len(one) for one in names] == [255, 255]


def test_the_setting_comes_first(settings: Settings) -> None:
    settings.CHRONIKER_INSTALLATION = "production"
    assert installation_name.of_installation("default") == "production"
