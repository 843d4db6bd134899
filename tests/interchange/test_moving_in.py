"""The jobs of other schedulers, from databases and settings that the packages themselves made."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from chroniker import arguments
from chroniker.exceptions import CannotImport
from chroniker.interchange.application import apply
from chroniker.interchange.comparison import compare
from chroniker.interchange.difference import Difference
from chroniker.interchange.sources import SOURCES
from chroniker.interchange.sources.base import Origin
from chroniker.models import Job
from chroniker.moments import to_instant
from tests.interchange import neighbours

NEXT = datetime(2035, 5, 6, 7, 8, tzinfo=UTC)

real = [
    pytest.mark.upgrade,
    pytest.mark.one_database("what was read from SQLite; another test asks each database"),
]


@pytest.fixture
def database() -> Path:
    return neighbours.database()


def move_in(source: str, database: object = "") -> Difference:
    """Import all that can be."""
    document = SOURCES[source](Origin(database=str(database), celery_app="proj"))
    difference = compare(document, "default")
    assert difference.faults == ()
    return apply(document, "default", agreed=difference.fingerprint)


def reasons(difference: Difference) -> dict[str, str]:
    return {each.what: each.why for each in difference.left_out}


def job(name: str) -> Job:
    found: Job = Job.objects.get(name=name)
    return found


@pytest.mark.django_db
class TestRealPackages:
    pytestmark = real

    def test_jobs_of_1x_keep_their_phase_their_dependencies_and_who_hears_of_them(
        self, database: Path, django_user_model: Any
    ) -> None:
        django_user_model.objects.create_user("ada", is_staff=True)

        done = move_in("chroniker", database)

        load = job("load")
        assert (load.command, load.params, load.timeout_seconds) == (
            "clearsessions",
            "interval:2",
            60,
        )
        assert to_instant(load.next_run) == to_instant(load.anchor) == NEXT
        assert [user.username for user in load.subscribers.all()] == ["ada"]
        second = job("load (2)")
        assert (second.raw_command, second.enabled, second.next_run) == ("true", False, None)
        waits = job("last").dependencies.get()
        assert (waits.dependee, waits.wait_for_success, waits.wait_for_completion) == (
            load,
            False,
            True,
        )
        told = reasons(done)
        assert "There is no management command" in told["chroniker_job 3 (report)"]
        assert "'report', which was not carried over" in told["a dependency of last"]
        assert "chroniker_log" in told

    def test_a_second_time_there_is_nothing_to_do(self, database: Path) -> None:
        move_in("chroniker", database)
        assert move_in("chroniker", database).to_do == []

    def test_tasks_of_celery_beat_are_sent_to_celery(self, database: Path) -> None:
        done = move_in("django-celery-beat", database)

        noon, often, once = job("noon"), job("often"), job("once")
        assert (noon.cron_expression, noon.timezone) == ("0 12 * * mon-fri", "Europe/Berlin")
        assert noon.raw_command == "celery --app proj call app.noon"
        assert noon.description == "at noon"
        assert (often.frequency, often.params) == ("MINUTELY", "interval:90")
        words = ['--args=[1, "two words"]', '--kwargs={"a": null}', "--queue=slow"]
        assert arguments.split(often.raw_command or "")[5:] == words
        assert to_instant(often.next_run) == NEXT.replace(hour=7, minute=38)
        assert (once.frequency, to_instant(once.next_run)) == ("ONCE", NEXT)
        told = " ".join(map(str, done.left_out))
        for reason in (
            *("friday 13th): it wants a day", "micro): there is no interval of 5 microseconds"),
            *(
                "sunset): it follows the sun",
                "first): it is to run once",
                "noon): it has a priority",
            ),
            "a job's run ends when its task was sent",
        ):
            assert reason in told

    def test_schedules_of_q2_call_the_same_functions(self, database: Path) -> None:
        done = move_in("django-q2", database)

        function = job("fn")
        assert (function.frequency, function.params) == ("MINUTELY", "interval:15")
        assert to_instant(function.next_run) == NEXT
        code = arguments.split(function.raw_command or "")
        assert code[:2] == [sys.executable, "-c"]
        assert code[2].endswith("import report; report(1, 'a b', deep=True, n=None)")
        command = job("command")
        assert (command.command, command.cron_expression) == ("clearsessions", "0 3 * * *")
        assert job("thrice").params == "interval:2;count:3"
        assert job("once").frequency == "ONCE"
        told = " ".join(map(str, done.left_out))
        assert "evil): its arguments are no plain values" in told
        assert "31st): it runs on day 31" in told
        assert "once): it has a hook" in told

    def test_classes_of_django_cron_run_at_their_times(
        self, settings: Settings, package: None
    ) -> None:
        settings.CRON_CLASSES = [
            *("neighbour_jobs.Often", "neighbour_jobs.AtTimes", "neighbour_jobs.Missing"),
        ]
        done = move_in("django-cron")

        often = job("project.often")
        assert (often.params, often.max_retries, often.retry_delay_seconds) == (
            "interval:10",
            -1,
            120,
        )
        code = arguments.split(often.raw_command or "")[2]
        assert code.endswith("from neighbour_jobs import Often; Often().do()")
        # It counts the days of the week from Monday, cron from Sunday.
        assert job("project.at_times 06:00").cron_expression == "0 6 * * 1,0"
        assert job("project.at_times 18:30").cron_expression == "30 18 * * 1,0"
        assert "cannot be imported" in reasons(done)["CRON_CLASSES: neighbour_jobs.Missing"]

    def test_jobs_of_django_crontab_run_when_its_own_lines_would(
        self, settings: Settings, package: None, tmp_path: Path
    ) -> None:
        settings.CRONJOBS = import_module("neighbour_settings").CRONJOBS
        written, program = tmp_path / "crontab", tmp_path / "program"
        program.write_text(f'#!/bin/sh\n[ "$1" = -l ] || cat $1 > {written}\n')
        program.chmod(0o755)
        neighbours.run(
            "-m", "django", "crontab", "add", database=tmp_path / "none", crontab=program
        )
        move_in("django-crontab")

        lines = [line.split(None, 5)[:5] for line in written.read_text().splitlines() if line]
        jobs = Job.objects.order_by("pk")
        assert [each.cron_expression.split() for each in jobs] == lines
        assert [each.command for each in jobs] == ["", "", "clearsessions"]
        second = jobs[1]
        code = arguments.split(second.raw_command or "")[2]
        assert code.endswith("report('a b', deep=True)")
        assert ">> /tmp/report.log" in second.description


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The packages and the project that uses them, behind all that this process has."""
    site = next((neighbours.python().parent.parent / "lib").glob("*/site-packages"))
    path = [*sys.path, str(site), str(neighbours.PROJECT)]
    monkeypatch.setattr(sys, "path", path)
    monkeypatch.setenv("NEIGHBOURS_DATABASE", "none")
    yield
    for name in [name for name in sys.modules if name.startswith(("django_cron", "neighbour_"))]:
        del sys.modules[name]


CHRONOGRAPH = """
CREATE TABLE chronograph_job (
    id integer PRIMARY KEY, name varchar(200), frequency varchar(10), params text,
    command varchar(200), args varchar(200), disabled {boolean}, next_run {datetime},
    last_run {datetime}, is_running {boolean}, last_run_successful {boolean},
    lock_file varchar(255), force_run {boolean})
"""


@pytest.mark.django_db(transaction=True)
class TestChronograph:
    """It runs on Python 2 alone: its tables are made here as it made them."""

    @pytest.fixture(autouse=True)
    def tables(self) -> Iterator[None]:
        kinds = {
            "boolean": {"sqlite": "bool"}.get(connection.vendor, "boolean"),
            "datetime": {"postgresql": "timestamptz", "mysql": "datetime(6)"}.get(
                connection.vendor, "datetime"
            ),
        }
        with connection.cursor() as cursor:
            cursor.execute(CHRONOGRAPH.format(**kinds))
        yield
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE chronograph_job")

    def add(self, pk: int, name: str, *, disabled: bool, next_run: datetime | None) -> None:
        if next_run is not None and connection.vendor != "postgresql":
            next_run = timezone.make_naive(next_run, UTC)
        row: list[Any] = [
            pk,
            name,
            "WEEKLY",
            "byweekday:MO",
            "clearsessions",
            "",
            disabled,
            next_run,
        ]
        row += [None, False, True, "", False]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO chronograph_job VALUES ({', '.join(['%s'] * len(row))})",  # noqa: S608
                row,
            )

    def test_its_jobs_are_carried_over(self) -> None:
        self.add(1, "weekly", disabled=False, next_run=NEXT)
        self.add(2, "off", disabled=True, next_run=None)

        move_in("chronograph")

        weekly, off = job("weekly"), job("off")
        assert (weekly.frequency, weekly.params) == ("WEEKLY", "byweekday:MO")
        assert to_instant(weekly.next_run) == NEXT
        assert (off.enabled, off.next_run) == (False, None)


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("nowhere", "'nowhere' is no alias of DATABASES, no file and no URL"),
        ("oracle://me:secret@host/db", "oracle:// is not known"),
    ],
)
@pytest.mark.django_db
def test_a_database_that_cannot_be_read_is_named_without_its_password(
    database: str, words: str
) -> None:
    with pytest.raises(CannotImport) as error:
        SOURCES["django-q2"](Origin(database=database))
    assert words in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.django_db
def test_a_database_without_the_tables_is_told_so(tmp_path: Path) -> None:
    empty = tmp_path / "empty.sqlite3"
    empty.touch()
    with pytest.raises(CannotImport, match="There is no table chroniker_job in the database"):
        SOURCES["chroniker"](Origin(database=str(empty)))
