"""What every test shares: processes that a test starts see the test's database and settings."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from django.db import connection, connections
from django.db.models import Q
from django.template import Template
from django.test.utils import _TestState
from pytest_django import Settings

from chroniker.expectations import web
from chroniker.host import uptime
from chroniker.models import Job, JobHost, Log
from chroniker.models.database_clock import database_now
from tests.running import ROOT, Manage

IS_THOROUGH = os.environ.get("CHRONIKER_TEST_THOROUGH") == "1"
DATABASE = os.environ.get("CHRONIKER_TEST_DB", "sqlite")
SHARED_BY = os.environ.get("CHRONIKER_TEST_SHARED_BY", DATABASE).split()
"""The databases whose turns ``bin/test`` runs; they share the tests that start processes."""

OF_SERVERS = {"chaos", "dispatch", "models", "notifications", "rules", "runs", "upgrade"}
"""Folders of tests in which the databases' differences tell; the others, if thorough."""

_MORE_OF_THE_SAME = {"forkserver", "1.0.22", "1.0.24"}
"""Parameters of tests that are also run with others, which stand for them if not thorough."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what says nothing new, unless ``bin/test --thorough`` asks for it.

    On a database server that is also what no database can change; SQLite's turn has all of it.
    """
    kept = [item for item in items if _is_wanted(item)]
    if kept:  # unless only such tests were asked for
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def _is_wanted(item: pytest.Item) -> bool:
    if not IS_THOROUGH:
        parameters = item.name.partition("[")[2].rstrip("]").split("-")
        if item.get_closest_marker("thorough") or _MORE_OF_THE_SAME & {*parameters}:
            return False
        if _is_shared(item):
            # By name, so that each run asks each of them of one database.
            return SHARED_BY[crc32(item.nodeid.encode()) % len(SHARED_BY)] == DATABASE
    return DATABASE == "sqlite" or _needs_a_database(item)


def _is_shared(item: pytest.Item) -> bool:
    starts_processes = item.get_closest_marker("process") is not None
    of_each_or_one = any(item.get_closest_marker(name) for name in ("chaos", "one_database"))
    return starts_processes and not of_each_or_one and _folder(item) in OF_SERVERS


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT / "tests").parts[0]


def _needs_a_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("one_database"):
        return False
    if not IS_THOROUGH and _folder(item) not in OF_SERVERS:
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    marked = any(item.get_closest_marker(name) for name in ("django_db", "upgrade", "chaos"))
    return bool(marked or fixtures & {"db", "transactional_db"})


def pytest_sessionstart() -> None:
    """Let Ctrl-C reach the processes that tests start, though we run in a script's background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def lazy_admin() -> Iterator[None]:
    """Let processes that tests start load the admin only if they need it; ours has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHRONIKER_TEST_ADMIN", "lazy")
        yield


@pytest.fixture(scope="session", autouse=True)
def plain_rendering(django_test_environment: None) -> None:
    """Keep no copies of what each template knew: no test asks for them, and they take time."""
    Template._render = _TestState.saved_data.template_render  # type: ignore[attr-defined]


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
def no_look_for_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page of a test is the one that, once a minute, looks whether schedulers tick."""
    monkeypatch.setattr(web, "_looked_at", dict.fromkeys(connections, uptime()))


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
    elif _has_run():
        found = check_tables("default", database_now("default"))
    else:
        return
    assert [str(finding) for finding in found] == []


def _has_run() -> bool:
    """Whether any of the tables holds what could be wrong; most tests leave no run behind."""
    claimed = Q(is_running=True) | Q(claim_token__isnull=False)
    rows = (table.objects.filter(claimed) for table in (Job, JobHost))
    return Log.objects.exists() or any(one.exists() for one in rows)


def _clear_up_as_the_next_tick() -> None:
    """Remove the folders of ended runs that the test's scheduler was killed before removing."""
    from chroniker.dispatch.leftovers import clear_up

    clear_up("default", database_now("default"))


@pytest.fixture
def manage(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manage]:
    """Runs the project's management commands as processes, on the test's database.

    Processes still going on at the end of the test are ended.
    """
    commands = Manage(monkeypatch)
    yield commands
    commands.end_all()
