"""A folder or a database that cannot be used is named before a job is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, connection
from pytest_django import Settings

from chroniker import spool_root, write_database
from chroniker.exceptions import SpoolError
from chroniker.models import Job, Log
from chroniker.surroundings import check_database, check_spool
from tests.running import Manage, due_job


@pytest.fixture
def spool(tmp_path: Path, settings: Settings) -> Path:
    """Where the folder would be; it is not there yet."""
    folder = tmp_path / "a spool"
    settings.CHRONIKER_SPOOL_DIR = str(folder)
    return folder


def the_one() -> tuple[str | None, str, str]:
    """The id, message and hint of the only thing that is found."""
    (message,) = check_spool()
    return message.id, message.msg, message.hint or ""


# The folder


def make_it(folder: Path) -> None:
    folder.mkdir(mode=0o700)


def let_others_in(folder: Path) -> None:
    folder.mkdir(mode=0o755)


def put_a_file_there(folder: Path) -> None:
    folder.touch()


def put_a_link_there(folder: Path) -> None:
    real = folder.with_name("real")
    real.mkdir(mode=0o700)
    folder.symlink_to(real)


def give_it_away(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    try:
        os.chown(folder, 12345, -1)
    except PermissionError:
        pytest.skip("only root can give a folder away")


def put_it_below_a_file(folder: Path) -> None:
    folder.parent.joinpath("file").touch()


def mount_it_read_only(folder: Path) -> None:
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "ro,mode=700", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(words, check=False, stderr=-3).returncode:
        pytest.skip("only root can mount a disk")


def remove_what_is_mounted(folder: Path) -> None:
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


FAULTS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "others": (let_others_in, "others may use {}", "chmod 700 {}"),
    "file": (put_a_file_there, "{} is not a folder", "remove it"),
    "link": (put_a_link_there, "{} is not a folder (links are refused)", "remove it"),
    "not ours": (give_it_away, "{} belongs to another user", f"chown {os.geteuid()} {{}}"),
    "read-only": (mount_it_read_only, "{} is on a disk that is mounted read-only", "mount it"),
}


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_of_our_own_is_right_and_one_that_can_be_made(spool: Path, there: bool) -> None:
    if there:
        make_it(spool)

    assert check_spool() == []
    assert spool.exists() is there
    assert spool_root.prepare_root() == spool


@pytest.mark.parametrize("fault", FAULTS)
def test_a_folder_that_cannot_be_used_is_named_with_its_fault_and_its_mend(
    spool: Path, fault: str
) -> None:
    make, text, mend = FAULTS[fault]
    make(spool)
    try:
        number, message, hint = the_one()
        with pytest.raises(SpoolError) as caught:
            spool_root.prepare_root()
    finally:
        remove_what_is_mounted(spool)

    assert number == "chroniker.W004"
    assert message.startswith(f"CHRONIKER_SPOOL_DIR: {text.format(spool)}")
    assert mend.format(spool) in hint
    assert str(caught.value).startswith(f"CHRONIKER_SPOOL_DIR: {text.format(spool)}")
    assert mend.format(spool) in str(caught.value)


@pytest.mark.parametrize("why", ["below a file", "not writable"])
def test_a_folder_that_cannot_be_made_is_named(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    (tmp_path / "file").touch()
    settings.CHRONIKER_SPOOL_DIR = str(tmp_path / ("file" if why == "below a file" else "x") / "y")
    if why == "not writable":  # root may write anywhere
        monkeypatch.setattr(os, "access", lambda *_: False)

    number, message, _ = the_one()

    assert number == "chroniker.W004"
    assert "CHRONIKER_SPOOL_DIR" in message


def test_a_folder_on_a_network_file_system_is_a_warning(
    spool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_it(spool)
    device = spool.stat().st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 0:21 / /proc rw,nosuid - proc proc rw\n"
        f"36 22 {os.major(device)}:{os.minor(device)} / /srv rw - nfs4 server:/srv rw,vers=4.2\n"
    )
    monkeypatch.setattr(spool_root, "_MOUNTS", mounts)

    number, message, _ = the_one()

    assert number == "chroniker.W005"
    assert "is on a network file system (nfs4)" in message


def test_a_disk_that_is_nearly_full_is_a_warning(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_root, "ENOUGH_BYTES", 2**60)

    number, message, _ = the_one()

    assert number == "chroniker.W006"
    assert "CHRONIKER_SPOOL_DIR" in message


def test_the_folder_is_looked_at_by_manage_py_check(spool: Path) -> None:
    put_a_file_there(spool)

    assert [message.id for message in run_checks(tags=["chroniker"])] == ["chroniker.W004"]


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ["cron", "cronserver"])
def test_a_scheduler_refuses_a_folder_that_others_may_use_and_touches_no_job(
    manage: Manage, tmp_path: Path, command: str
) -> None:
    folder = tmp_path / "for all"
    let_others_in(folder)
    manage.set(CHRONIKER_SPOOL_DIR=str(folder))
    job = due_job()
    due = job.next_run

    done = manage(command)

    mend = f"others may use {folder}; chmod 700 {folder}"
    assert done.returncode == 78
    # A server has the system checks run first, which warn of it too.
    assert done.stderr.endswith(f"CommandError: CHRONIKER_SPOOL_DIR: {mend}.\n")
    assert not Log.objects.exists()
    job.refresh_from_db()
    assert (job.next_run, job.is_running) == (due, False)


@pytest.mark.django_db(transaction=True)
def test_a_scheduler_refuses_a_lease_that_ends_before_it_can_be_renewed(settings: Settings) -> None:
    settings.CHRONIKER_LOCK_TIMEOUT = 5
    due_job()

    with pytest.raises(CommandError, match="CHRONIKER_LOCK_TIMEOUT is 5 seconds") as caught:
        call_command("cron")

    assert caught.value.returncode == 78
    assert not Log.objects.exists()


# The database

READ_ONLY = {
    "postgresql": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "its transactions are read-only",
    ),
    "mysql": (
        "SET SESSION TRANSACTION READ ONLY",
        "SET SESSION TRANSACTION READ WRITE",
        "tx_read_only is on",
    ),
}


@contextmanager
def read_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The database takes no writes meanwhile; says why."""
    if connection.vendor == "sqlite":
        name, real = str(connection.settings_dict["NAME"]), os.access
        with monkeypatch.context() as patch:  # for root may write any file
            patch.setattr(os, "access", lambda path, mode: str(path) != name and real(path, mode))
            yield f"{name} cannot be written to"
        return
    begin, end, reason = READ_ONLY[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(begin)
        yield reason
        cursor.execute(end)


def found() -> list[CheckMessage]:
    return check_database(databases=[DEFAULT_DB_ALIAS])


@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_writes_is_right() -> None:
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_a_read_only_database_is_an_error_and_cron_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    due_job()

    with read_only(monkeypatch) as reason:
        (message,) = found()
        with pytest.raises(CommandError) as caught:
            call_command("cron")

    assert message.id == "chroniker.E009"
    assert message.msg.endswith(f"cannot be written to: {reason}.")
    assert str(caught.value) == f"The database 'default' cannot be written to: {reason}."
    assert caught.value.returncode == 75
    assert not Log.objects.exists()
    assert Job.objects.get().is_running is False


@pytest.mark.django_db(transaction=True)
def test_a_replica_in_recovery_is_known_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL knows it")
    monkeypatch.setattr(write_database, "_POSTGRESQL", "SELECT true, true")

    assert write_database.why_read_only(DEFAULT_DB_ALIAS) == "it is a replica (in recovery)"


@pytest.mark.django_db(transaction=True)
def test_a_lease_too_short_for_a_slow_database_is_an_error_with_the_right_length(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHRONIKER_LOCK_TIMEOUT = 60
    monkeypatch.setattr(write_database, "round_trip_seconds", lambda _: 6.0)

    (message,) = found()

    assert message.id == "chroniker.E010"
    assert "CHRONIKER_LOCK_TIMEOUT is 60 seconds" in message.msg
    assert message.hint == "Set it to at least 63."


@pytest.mark.django_db(transaction=True)
def test_the_time_a_database_takes_to_answer_is_measured() -> None:
    assert 0 < write_database.round_trip_seconds(DEFAULT_DB_ALIAS) < 5


def test_a_database_that_was_not_asked_for_is_left_alone() -> None:
    # pytest-django refuses every query here.
    assert check_database(databases=None) == []
    assert check_database(databases=["other"]) == []
