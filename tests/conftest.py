"""What every test shares: processes that a test starts see the test's database and settings."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from chroniker.models.database_clock import database_now
from tests.running import Manage


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a database server, leave out what no database can change; SQLite's turn has all of it."""
    if os.environ.get("CHRONIKER_TEST_DB", "sqlite") == "sqlite":
        return
    kept = [item for item in items if _needs_a_database(item)]
    if kept:  # unless only such tests were asked for
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def _needs_a_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("one_database"):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    marked = any(item.get_closest_marker(name) for name in ("django_db", "upgrade", "chaos"))
    return bool(marked or fixtures & {"db", "transactional_db"})


def pytest_sessionstart() -> None:
    """Let Ctrl-C reach the processes that tests start, though we run in a script's background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Make the test database, then name it to the processes that tests start."""
    os.environ["CHRONIKER_TEST_DB_NAME"] = str(connection.settings_dict["NAME"])
    yield
    del os.environ["CHRONIKER_TEST_DB_NAME"]


@pytest.fixture(autouse=True)
def spool_dir(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spool of the test's own, in its process and in those it starts."""
    folder = tmp_path / "spool"
    settings.CHRONIKER_SPOOL_DIR = str(folder)
    monkeypatch.setenv("CHRONIKER_TEST_SETTINGS", f'{{"CHRONIKER_SPOOL_DIR": "{folder}"}}')
    return folder


@pytest.fixture(autouse=True)
def invariants_hold(request: pytest.FixtureRequest, spool_dir: Path) -> Iterator[None]:
    """After each test that uses the database, what must always hold still does.

    A test that breaks rows on purpose is marked ``breaks_invariants``, with the reason.
    """
    marked = request.node.get_closest_marker("django_db") is not None
    if not (marked or {"db", "transactional_db"} & set(request.fixturenames)):
        yield
        return
    request.getfixturevalue("db")  # so that the rows are still there afterwards
    yield
    if request.node.get_closest_marker("breaks_invariants") or connection.needs_rollback:
        return
    from chroniker.dispatch.invariants import check_tables
    from chroniker.management.commands.cron_check import lasting_findings

    if spool_dir.exists():
        _clear_up_as_the_next_tick()
        found = lasting_findings("default")
    else:  # no run was ever on this host
        found = check_tables("default", database_now("default"))
    assert [str(finding) for finding in found] == []


def _clear_up_as_the_next_tick() -> None:
    """Remove the folders of ended runs that the test's scheduler was killed before removing.

    So do those that wait for a supervisor to tell people, where the test did without one.
    """
    from chroniker.dispatch.leftovers import clear_up
    from chroniker.runs.spool import Spool
    from chroniker.spool_root import root

    clear_up("default", database_now("default"))
    for folder in root().iterdir():
        left = Spool(folder).read_result()
        if left is not None and left.tells:
            Spool(folder).remove()


@pytest.fixture
def manage(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manage]:
    """Runs the project's management commands as processes, on the test's database.

    Processes still going on at the end of the test are ended.
    """
    commands = Manage(monkeypatch)
    yield commands
    commands.end_all()
