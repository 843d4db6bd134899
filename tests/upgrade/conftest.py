"""Databases made by the original package, in an environment of its own, then taken over."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import chroniker
from test_project import databases
from tests import environments
from tests.environments import python_with

PROJECT = Path(__file__).parent / "project"
OURS = Path(chroniker.__file__).parent.parent
CACHE = environments.CACHE / "upgrade"
KIND = os.environ.get("CHRONIKER_TEST_DB", "sqlite")
ENGINES = {"sqlite": "sqlite3", "postgres": "postgresql", "mariadb": "mysql"}
RELEASES = {"1.1.0": "5.2", "1.0.24": "4.2", "1.0.22": "3.2"}  # with the Django they ran on
NEWEST_PYTHON = {"5.2": (3, 14), "4.2": (3, 12), "3.2": (3, 11)}

type_of_rows = dict[str, dict[str, dict[str, object]]]


@dataclass(frozen=True)
class Site:
    """One site's database, and the original's interpreter it was made with."""

    original: Path
    database: dict[str, str]
    migrations: Path | None = None
    """A folder on the path with the site's own copy of the original's migrations."""

    dumps: dict[str, type_of_rows] = field(default_factory=dict)
    """What the tables held, by the name of the moment."""

    def with_original(self, *arguments: str) -> str:
        """Run a script or module with the original package; return what it printed."""
        path = [str(PROJECT)]
        extra = {}
        if self.migrations:
            path.append(str(self.migrations.parent))
            extra["UPGRADE_MIGRATIONS"] = self.migrations.name
        return run(self.original, *arguments, path=path, variables=self.database | extra)

    def with_ours(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
        """Run a script or module with this package; return what it printed."""
        path = [str(PROJECT), str(OURS)]
        return run(
            Path(sys.executable),
            *arguments,
            path=path,
            variables=self.database,
            allowed=allowed,
        )

    def dump(self, moment: str) -> None:
        """Remember what the tables hold now."""
        self.dumps[moment] = json.loads(self.with_ours("dump.py", "rows"))

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The tables' columns, indexes and constraints, as they are when first asked for."""
        described: dict[str, Any] = json.loads(self.with_ours("dump.py", "schema"))
        return described


def run(
    python: Path,
    *arguments: str,
    path: list[str],
    variables: dict[str, str],
    allowed: tuple[int, ...] = (0,),
) -> str:
    """Run ``python`` in the project's folder; fail with its output if its status is another."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [python, "-W", "ignore", *arguments],
        cwd=PROJECT,
        env=kept
        | variables
        | {
            "PYTHONPATH": os.pathsep.join(path),
            "DJANGO_SETTINGS_MODULE": "upgrade_settings",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONIOENCODING": "utf-8",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in allowed, f"{arguments}\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
    return done.stdout


def original_python(release: str) -> Path:
    """Return the interpreter of an environment with ``release``; made once, then kept."""
    django = RELEASES[release]
    if sys.version_info[:2] > NEWEST_PYTHON[django]:
        pytest.skip(f"Django {django}, of the time of {release}, does not run on this Python")
    psycopg = "psycopg2-binary" if django == "3.2" else "psycopg[binary]"
    packages = (f"django-chroniker=={release}", f"django~={django}.0", psycopg, "PyMySQL")
    return python_with(packages, CACHE / f"{release}-django{django}")


class Servers:
    """Makes empty databases on the kind of database under test, and drops them afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []

    def make(self) -> dict[str, str]:
        """Make a database; return the environment variables that lead to it."""
        name = f"upgrade_{os.getpid()}_{len(self.names)}"
        self.names.append(name)
        if KIND == "sqlite":
            return {"UPGRADE_ENGINE": ENGINES[KIND], "UPGRADE_NAME": str(self.folder / name)}
        self._execute(
            f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if KIND == "mariadb" else "")
        )
        address = {f"UPGRADE_{k.upper()}": str(v) for k, v in databases.address(KIND).items()}
        return {"UPGRADE_ENGINE": ENGINES[KIND], "UPGRADE_NAME": name, **address}

    def drop_all(self) -> None:
        """Drop every database made."""
        for name in self.names if KIND != "sqlite" else ():
            self._execute(f"DROP DATABASE {name}")

    def _execute(self, statement: str) -> None:
        if KIND == "postgres":
            import psycopg

            address = databases.address(KIND)
            with psycopg.connect(dbname="postgres", autocommit=True, **address) as server:
                server.execute(statement.encode())
        else:
            import pymysql

            with pymysql.connect(**databases.address(KIND)) as connection:
                connection.cursor().execute(statement)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Empty databases on request."""
    made = Servers(tmp_path_factory.mktemp("upgrade"))
    yield made
    made.drop_all()


class Sites:
    """Upgraded sites by the name of their release; each is made once, when first asked for.

    The order of tests is random, and a parametrised session fixture would be made anew whenever
    the parameter changes.
    """

    def __init__(self, servers: Servers, factory: pytest.TempPathFactory) -> None:
        self._servers = servers
        self._factory = factory
        self._made: dict[str, Site] = {}

    def get(self, name: str) -> Site:
        """Return the site that ran this release, possibly with a migration of its own."""
        if name not in self._made:
            self._made[name] = self._make(*name.partition(" ")[::2])
        return self._made[name]

    def _make(self, release: str, own_migration: str) -> Site:
        original = original_python(release)
        if not own_migration:
            return upgrade(Site(original, self._servers.make()))
        migrations = copy_migrations(original, self._factory.mktemp("site"))
        with_own = Site(original, self._servers.make(), migrations)
        with_own.with_original("-m", "django", "makemigrations", "chroniker", "-v", "0")
        return upgrade(with_own)


@pytest.fixture(scope="session")
def sites(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Sites:
    """Upgraded sites on request."""
    return Sites(servers, tmp_path_factory)


@pytest.fixture(params=[*RELEASES, "1.1.0 with a migration of its own"])
def site(request: pytest.FixtureRequest, sites: Sites) -> Site:
    """A site that ran an older release, was full of rows, and has been upgraded."""
    return sites.get(request.param)


@pytest.fixture
def site_to_run(servers: Servers) -> Site:
    """A site upgraded from 1.1.0, for a test that runs its jobs."""
    return upgrade(Site(original_python("1.1.0"), servers.make()))


def upgrade(site: Site) -> Site:
    """Make the database with the original package, fill it, and migrate it with ours."""
    site.with_original("-m", "django", "migrate", "-v", "0")
    site.with_original("fill.py")
    site.dump("before")
    site.with_ours("-m", "django", "migrate", "-v", "0")
    site.dump("after")
    return site


def copy_migrations(original: Path, folder: Path) -> Path:
    """Copy the original's migrations to where a site may add its own; return the copy."""
    code = "import chroniker, pathlib; print(pathlib.Path(chroniker.__file__).parent)"
    isolated = [str(original), "-I", "-c", code]  # or the checkout's package would be found first
    package = subprocess.run(isolated, check=True, capture_output=True, text=True)
    copy = folder / "site_migrations"
    shutil.copytree(Path(package.stdout.strip()) / "migrations", copy)
    return copy


@pytest.fixture(scope="session")
def new_site(servers: Servers) -> Site:
    """A site that never ran anything but this package."""
    made = Site(Path(sys.executable), servers.make())
    made.with_ours("-m", "django", "migrate", "-v", "0")
    return made
