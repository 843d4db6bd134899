"""Databases of a round's own: a file, a server of its own, or a schema on one that answers.

Knows nothing of Django: the checker reads the tables through here.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from test_project import databases as services

START_SECONDS = 60

LOCK_SECONDS = 5
"""So long a statement waits for a row: whoever holds it may be frozen until we wake it."""


class Database(ABC):
    """A database that is there as long as it is wanted."""

    kind: str
    is_private_server = False
    """Whether it may be restarted, killed and frozen."""

    @abstractmethod
    def start(self) -> None:
        """Make an empty database."""

    @abstractmethod
    def stop(self) -> None:
        """Remove it."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """What tells the test project where it is."""

    def pids(self) -> set[int]:
        """The processes of a server of our own."""
        return set()

    @abstractmethod
    def query(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Execute a statement, with %s for values, and commit; returns the rows it yields."""


class Sqlite(Database):
    """A file."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.file = folder / "db.sqlite3"

    def start(self) -> None:
        """Nothing to do: the first to connect makes the file."""

    def stop(self) -> None:
        """Nothing to do: it goes with its folder."""

    def environment(self) -> dict[str, str]:
        """Name the file."""
        return {"CHRONIKER_TEST_DB": self.kind, "CHRONIKER_TEST_DB_NAME": str(self.file)}

    def query(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Execute a statement."""
        # Not for long: a frozen writer is only thawed by the one who waits here.
        connection = sqlite3.connect(self.file, timeout=0.5)
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                return [dict(row) for row in connection.execute(sql.replace("%s", "?"), values)]
        finally:
            connection.close()

    def hold_lock(self, seconds: float) -> int:
        """Let nobody write for so long; returns an exit status."""
        connection = sqlite3.connect(self.file, timeout=60, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")
        finally:
            connection.close()
        return 0


class Service(Database):
    """A schema of our own on a server that is there anyway."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.name = f"chroniker_chaos_{os.getpid()}"
        self.address = services.address(kind)

    def start(self) -> None:
        """Make the schema."""
        self._maintain(f"CREATE DATABASE {self.name}")

    def stop(self) -> None:
        """Drop the schema, whoever is connected to it."""
        force = " WITH (FORCE)" if self.kind == "postgres" else ""
        self._maintain(f"DROP DATABASE IF EXISTS {self.name}{force}")

    def environment(self) -> dict[str, str]:
        """Name server and schema."""
        prefix = f"CHRONIKER_TEST_{self.kind.upper()}_"
        return {
            "CHRONIKER_TEST_DB": self.kind,
            "CHRONIKER_TEST_DB_NAME": self.name,
            **{prefix + name.upper(): str(value) for name, value in self.address.items()},
        }

    def query(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Execute a statement."""
        return self._query(self.name, sql, values)

    def _maintain(self, sql: str) -> None:
        self._query("postgres" if self.kind == "postgres" else "mysql", sql, ())

    def _query(self, name: str, sql: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        if self.kind == "postgres":
            return _query_postgres(self.address, name, sql, values)
        return _query_mariadb(self.address, name, sql, values)


def _query_postgres(
    address: dict[str, Any], name: str, sql: str, values: Sequence[Any]
) -> list[dict[str, Any]]:
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(
        dbname=name,
        connect_timeout=10,
        autocommit=True,
        row_factory=dict_row,
        options=f"-c lock_timeout={LOCK_SECONDS}s",
        **address,
    ) as connection:
        cursor = connection.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []


def _query_mariadb(
    address: dict[str, Any], name: str, sql: str, values: Sequence[Any]
) -> list[dict[str, Any]]:
    import pymysql
    from pymysql.cursors import DictCursor

    connection = pymysql.connect(
        database=name,
        connect_timeout=10,
        autocommit=True,
        charset="utf8mb4",
        init_command=f"SET innodb_lock_wait_timeout = {LOCK_SECONDS}",
        **address,
    )
    with connection, connection.cursor(DictCursor) as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall()) if cursor.description else []


class Server(Service):
    """A server of our own, in a folder of our own, that faults may hit."""

    is_private_server = True

    def __init__(self, kind: str, folder: Path) -> None:
        super().__init__(kind)
        self._folder = folder / "server"
        self._process: subprocess.Popen[bytes] | None = None
        self._user = "postgres" if kind == "postgres" else "mysql"
        self.address = {
            "host": "127.0.0.1",
            "port": _free_port(),
            "user": "postgres" if kind == "postgres" else "root",
            "password": "",
        }

    def start(self) -> None:
        """Make the server's files, start it and make the schema."""
        self._folder.mkdir()
        _make_reachable(self._folder)
        if os.geteuid() == 0:  # neither server runs as root
            shutil.chown(self._folder, self._user)
        self._as_user(self._commands()[0]).wait(START_SECONDS)
        self.launch()
        super().start()

    def stop(self) -> None:
        """End the server; its files go with the folder."""
        self.kill()

    def launch(self) -> None:
        """Start the server's process and wait until it answers."""
        self._process = self._as_user(self._commands()[1])
        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                self._maintain("SELECT 1")
            except Exception as error:
                if time.monotonic() > give_up:
                    raise TimeoutError(f"{self.kind} does not start: see {self._log}") from error
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        """End it as a crash would, with all that its clients have not been told yet."""
        if self._process is None:
            return
        self.thaw()
        # PostgreSQL calls it an immediate shutdown; a killed one would leave children behind.
        at_once = signal.SIGQUIT if self.kind == "postgres" else signal.SIGKILL
        pids = self.pids()
        self._process.send_signal(at_once)
        self._process.wait(START_SECONDS)
        self._process = None
        psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], 10)

    def freeze(self) -> None:
        """Let it neither answer nor hang up."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in self.pids():
            with suppress(psutil.NoSuchProcess):
                psutil.Process(pid).send_signal(number)

    def pids(self) -> set[int]:
        """The server's first process and its children."""
        if self._process is None:
            return set()
        try:
            first = psutil.Process(self._process.pid)
            return {first.pid, *(child.pid for child in first.children(recursive=True))}
        except psutil.NoSuchProcess:
            return set()

    @property
    def _log(self) -> Path:
        return self._folder.with_suffix(".log")

    def _as_user(self, words: list[str]) -> subprocess.Popen[bytes]:
        user = self._user if os.geteuid() == 0 else None
        with self._log.open("ab") as log:
            return subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                user=user,
                group=user,
            )

    def _commands(self) -> tuple[list[str], list[str]]:
        """How its files are made, and how it is started."""
        port, data = str(self.address["port"]), str(self._folder / "data")
        if self.kind == "postgres":
            options = {
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": str(self._folder),
                "max_connections": "300",
                "fsync": "off",  # processes die here, machines do not
            }
            return (
                [str(_program("initdb")), "-D", data, "-U", "postgres", "-A", "trust", "-N"],
                [
                    *(str(_program("postgres")), "-D", data, "-p", port),
                    *(
                        word
                        for name, value in options.items()
                        for word in ("-c", f"{name}={value}")
                    ),
                ],
            )
        return (
            [
                *(str(_program("mariadb-install-db")), "--no-defaults", f"--datadir={data}"),
                *("--auth-root-authentication-method=normal", "--skip-test-db"),
            ],
            [
                *(str(_program("mariadbd")), "--no-defaults", f"--datadir={data}"),
                *(f"--port={port}", "--bind-address=127.0.0.1", "--max-connections=300"),
                *(f"--socket={self._folder}/socket", f"--pid-file={self._folder}/pid"),
                *("--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M"),
            ],
        )


def _program(name: str) -> Path | None:
    """A server's program: on the path, or where Debian keeps it."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]
    places += [str(folder) for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which(name, path=os.pathsep.join(places))
    return Path(found) if found else None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _make_reachable(folder: Path) -> None:
    """Let another user's server get to its files in a folder that is only ours."""
    for parent in folder.parents:
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)


_PROGRAMS = {"postgres": ("initdb", "postgres"), "mariadb": ("mariadb-install-db", "mariadbd")}


def make(kind: str, folder: Path) -> Database:
    """The best database of this kind that can be had: a server of our own where possible."""
    if kind == "sqlite":
        return Sqlite(folder)
    if all(_program(name) for name in _PROGRAMS[kind]):
        return Server(kind, folder)
    return Service(kind)


def patiently(action: Callable[[], Any], seconds: float = 30) -> Any:
    """Do this, again and again while the database is away; the last error is raised."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            return action()
        except Exception:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)
