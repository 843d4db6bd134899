"""What is around the package agrees with it: metadata, documentation, supported versions."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import chroniker
from chroniker import settings
from test_project.demo import MANAGE

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
DOCUMENTS += sorted((ROOT / "docs").glob("**/*.md"))


def project() -> dict[str, Any]:
    """Return the [project] table."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())
    table: dict[str, Any] = data["project"]
    return table


def test_the_version_is_stated_once() -> None:
    assert importlib.metadata.version("django-chroniker") == chroniker.__version__
    assert ".".join(str(part) for part in chroniker.VERSION) == chroniker.__version__


def test_every_supported_django_is_tested() -> None:
    classified = set(re.findall(r"Framework :: Django :: (\d)\.(\d)", str(project())))
    tested = set(re.findall(r"^    django(\d)(\d):", (ROOT / "tox.ini").read_text(), re.MULTILINE))
    assert classified == tested != set()


def test_every_supported_python_is_tested() -> None:
    classified = set(re.findall(r"Python :: (3)\.(\d+)", str(project())))
    tested = set(re.findall(r"py(3)(\d+)-django", (ROOT / "tox.ini").read_text()))
    assert classified == tested != set()


def test_every_module_can_be_imported_first() -> None:
    names = [module.name for module in pkgutil.walk_packages(chroniker.__path__, "chroniker.")]
    assert len(names) > 50
    for name in names:
        importlib.import_module(name)


def test_importing_the_package_asks_for_nothing() -> None:
    code = "import sys, chroniker; sys.exit(any(name.startswith('django') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["AutoField", "BigAutoField"])
def test_no_migration_is_missing_whatever_key_a_project_prefers(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, MANAGE, "makemigrations", "--check", "--dry-run"],
        env=os.environ
        | {
            "CHRONIKER_TEST_AUTO_FIELD": f"django.db.models.{name}",
            "CHRONIKER_TEST_DB": "sqlite",
            "CHRONIKER_TEST_DB_NAME": str(tmp_path / "empty.sqlite3"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_documentation_describes_every_setting_with_its_default() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    described = dict(re.findall(r"^\| `(CHRONIKER_\w+)` \| (.*?) \|", text, re.MULTILINE))
    assert set(described) == set(settings.DEFAULTS)
    for name, default in settings.DEFAULTS.items():
        if not callable(default):
            assert described[name] == f"`{default!r}`".replace("'", '"'), name


def test_the_readme_names_every_command() -> None:
    folder = Path(chroniker.__file__).parent / "management" / "commands"
    commands = {path.stem for path in folder.glob("[!_]*.py")} - {"test_status_update"}
    named = set(re.findall(r"^\| `(\w+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert commands - named == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []
