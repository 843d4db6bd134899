"""Every setting of the package, read from the project's settings at the moment it is asked for.

``chroniker.settings.CHRONIKER_X`` is what the project's settings say now, else the default in
``DEFAULTS``, so ``override_settings`` works. A name can also be patched here, as code written for
1.x does (``mock.patch``, ``monkeypatch.setattr``, plain assignment): the patch wins until it is
deleted or set back to what the project's settings say. Import the module, not its names:
``from chroniker.settings import CHRONIKER_X`` keeps the value of that moment.

Different from 1.x: nothing is written back into ``django.conf.settings``; the sender's default is
worked out when it is asked for and can't fail; an empty ``EMAIL_HOST_USER`` (Django's default)
counts as missing; ``CHRONIKER_KILL_GRACE_SECONDS`` is 10 instead of 30, because a host that can't
reach the database must have stopped its jobs before their lease of ``CHRONIKER_LOCK_TIMEOUT``
seconds runs out (see ``fence_seconds``).
"""

import getpass
import os
import socket
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from django.conf import settings as project

# Running

CHRONIKER_EXECUTOR: str
"""Dotted path of the executor that carries out claimed runs."""

CHRONIKER_START_METHOD: str | None
"""How a job's process is started: ``fork``, ``spawn``, ``forkserver``, None: ``start_method``."""

CHRONIKER_KILL_GRACE_SECONDS: float
"""Seconds between asking a job's processes to end (TERM) and ending them (KILL)."""

CHRONIKER_DISABLE_RAW_COMMAND: bool
"""Refuse raw commands, in the admin and at run time."""

CHRONIKER_ALLOW_SHELL: bool
"""Let raw commands be lines of a shell, where a job says so."""

CHRONIKER_SHELLS: tuple[str, ...] | list[str]
"""Paths of the shells that jobs may choose."""

CHRONIKER_GUARDED_COMMANDS: tuple[str, ...] | list[str]
"""Commands that do what they are told, so that giving them to a job is like a raw command."""

CHRONIKER_ALLOW_EVAL: bool
"""Let ``check_monitor`` evaluate the Python that is typed as its arguments in the admin."""

CHRONIKER_MONITOR_MODELS: tuple[str, ...] | list[str] | None
"""``app`` or ``app.Model`` that monitors may ask about; None: not sessions, tokens, and our own."""

CHRONIKER_MONITOR_SECONDS: float
"""How long a monitor's query may keep its database busy."""

CHRONIKER_HOSTNAME: str | None
"""The name by which jobs know this host, None for the machine's own name: ``hostname``."""

CHRONIKER_USE_PID: bool
"""Let only one ``cron`` work at a time on a host, by means of ``CHRONIKER_PID_FN``."""

CHRONIKER_PID_FN: str | Path | None
"""Path of the PID file, None for one in the spool folder, where nobody else can write."""

CHRONIKER_INSTALLATION: str | None
"""What this installation is called, None: the settings' module and the database."""

CHRONIKER_JOBS: list[Any] | tuple[Any, ...] | str
"""Jobs that are declared in the settings: mappings, or lines ``module.Class|1d|05:30``."""

# Claims and recovery

CHRONIKER_LOCK_TIMEOUT: float
"""Seconds a claim holds without renewal; also the age at which a lock file counts as dead."""

CHRONIKER_RENEW_SECONDS: float
"""Seconds between two renewals of a claim."""

CHRONIKER_MAX_LOST_RERUNS: int
"""How many times in a row a job whose run was lost is run again at once."""

CHRONIKER_AUTO_END_STALE_JOBS: bool
"""Begin every tick by ending stale runs."""

CHRONIKER_STALE_MINUTES: float
"""Minutes without a heartbeat after which a running job is stale."""

CHRONIKER_CHECK_LOCK_FILE: bool
"""Believe the lock file on this host, not the row in the database; for a single host only."""

CHRONIKER_SELECT_FOR_UPDATE: bool
"""Accepted for 1.x settings, without effect: a claim is one conditional UPDATE."""

# Rules around a run

CHRONIKER_CAPACITY: int | None
"""Sum of the weights that may run on a host at once; 0: no limit; None: ``capacity``."""

CHRONIKER_BACKFILL_PER_TICK: int
"""How many missed dates of one job are run in one pass; the next pass goes on."""

CHRONIKER_UNIQUE_COMMANDS: bool
"""Treat jobs with the same command line and environment as if they shared a concurrency key."""

CHRONIKER_ENV_PROVIDERS: tuple[str, ...] | list[str]
"""Dotted paths of callables that give variables for a run: ``provider(run)`` -> mapping."""

CHRONIKER_ENV_INHERIT: str | tuple[str, ...] | list[str]
"""``all``, ``allow-list``, or the names of the variables that runs get from the scheduler."""

# Output

CHRONIKER_SPOOL_DIR: str | Path | None
"""Folder of the runs' output and signs of life on this host, None for a folder of the user."""

CHRONIKER_MAX_OUTPUT_BYTES: int
"""How much of each output stream of a run is stored; of more, its head and its tail."""

CHRONIKER_STDERR_IS_FAILURE: bool
"""Whether a run that writes to stderr has failed; a job may say otherwise for itself."""

CHRONIKER_LOG_FORMAT: str
"""Format, in % style, of the logging module's records in a run's output."""

# Mail and notification

CHRONIKER_NOTIFY_EVERY: float
"""Seconds for which people are not told again of the same error; 0: each failure is told of."""

CHRONIKER_EMAIL_SENDER: str
"""Name in From; by default ``EMAIL_SENDER``, else user@host of the process."""

CHRONIKER_EMAIL_HOST_USER: str
"""Address in From; by default the mail server's user, else user@host of the process.

That user is ``EMAIL_HOST_USER`` or, from Django 6.1 on, the ``username`` of the default mailer.
"""

CHRONIKER_EMAIL_SUBJECT_SUCCESS: str
"""Subject of the mail about a run that succeeded, a Django template."""

CHRONIKER_EMAIL_SUBJECT_ERROR: str
"""Subject of the mail about a run that failed, a Django template."""

CHRONIKER_JOB_ERROR_CALLBACK: str | None
"""Dotted path of a callable, called for a failed run as ``callback(job, stdout=, stderr=)``."""

CHRONIKER_SENTRY_CHECKINS: bool
"""Tell the project's Sentry of each start and end, for its cron monitoring."""

CHRONIKER_NOTIFY_URLS: tuple[str, ...] | list[str] | Mapping[str, Any]
"""URLs of services that hear of all jobs, or a mapping: a job's group, or ``*``, to URLs."""

# Watching

CHRONIKER_LEARN_EXPECTATIONS: bool
"""Whether jobs that do not say when a run is late, too long or too short learn it from history."""

CHRONIKER_HOST_DAYS: float
"""Days without a tick after which nobody expects a host to tick any more."""

CHRONIKER_HEALTH_TOKEN: str | None
"""Opens the addresses of ``chroniker.urls``; may be a reference such as ``@env:NAME``. None: only
people who may view jobs open them."""

CHRONIKER_METRICS_JOBS: int
"""How many jobs have metrics of their own, the oldest first; the others are added up."""

# Data

CHRONIKER_JOB_NK: tuple[str, ...] | list[str]
"""Names of the fields that make a job's natural key."""


def hostname() -> str:
    """Return the name by which jobs know this host."""
    name: str | None = _value("CHRONIKER_HOSTNAME")
    return name or socket.gethostname()


def capacity() -> int:
    """Return the sum of weights this host carries at once; 0: no limit.

    By default ten for each processor, at least twenty: jobs mostly wait.
    """
    configured: int | None = _value("CHRONIKER_CAPACITY")
    return max(20, 10 * (os.cpu_count() or 1)) if configured is None else configured


def start_method() -> str:
    """Return how a job's process is started: as set, else fork on Linux and spawn elsewhere."""
    method: str | None = _value("CHRONIKER_START_METHOD")
    return method or ("fork" if sys.platform == "linux" else "spawn")


def fence_seconds() -> float:
    """Return how long after its last confirmed renewal a run must be told to end.

    Counted so that the run is gone, even if it has to be killed, before its lease ends.
    """
    lease: float = _value("CHRONIKER_LOCK_TIMEOUT")
    grace: float = _value("CHRONIKER_KILL_GRACE_SECONDS")
    return lease - grace - FENCE_MARGIN_SECONDS


FENCE_MARGIN_SECONDS = 5


def _email_sender() -> str:
    return getattr(project, "EMAIL_SENDER", "") or _user_at_host()


def _email_host_user() -> str:
    return _mail_user() or _user_at_host()


def _mail_user() -> str:
    mailers = getattr(project, "MAILERS", None)
    if mailers is not None:  # Django 6.1 and later: it replaces EMAIL_HOST_USER
        try:
            return mailers["default"]["OPTIONS"]["username"] or ""
        except (KeyError, TypeError):
            return ""
    with warnings.catch_warnings():
        # Who uses the setting is told that it is deprecated when it is set, not by reading it.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return project.EMAIL_HOST_USER


def _user_at_host() -> str:
    return f"{user()}@{socket.gethostname()}"


def user() -> str:
    """Return who this process belongs to."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # In a container the uid often has no passwd entry; which error says so depends on the
        # Python version and on the platform.
        return f"uid{os.getuid()}" if hasattr(os, "getuid") else "chroniker"


DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "CHRONIKER_EXECUTOR": "chroniker.executors.local.LocalExecutor",
        "CHRONIKER_START_METHOD": None,
        "CHRONIKER_KILL_GRACE_SECONDS": 10,
        "CHRONIKER_DISABLE_RAW_COMMAND": False,
        "CHRONIKER_ALLOW_SHELL": False,
        "CHRONIKER_SHELLS": ("/bin/sh", "/bin/bash"),
        "CHRONIKER_GUARDED_COMMANDS": (
            *("shell", "dbshell", "shell_plus", "runscript", "dumpdata", "loaddata"),
            *("createsuperuser", "changepassword", "cron_export", "cron_import"),
        ),
        "CHRONIKER_ALLOW_EVAL": False,
        "CHRONIKER_MONITOR_MODELS": None,
        "CHRONIKER_MONITOR_SECONDS": 30,
        "CHRONIKER_HOSTNAME": None,
        "CHRONIKER_USE_PID": False,
        "CHRONIKER_PID_FN": None,
        "CHRONIKER_INSTALLATION": None,
        "CHRONIKER_JOBS": (),
        "CHRONIKER_LOCK_TIMEOUT": 60,
        "CHRONIKER_RENEW_SECONDS": 10,
        "CHRONIKER_MAX_LOST_RERUNS": 3,
        "CHRONIKER_AUTO_END_STALE_JOBS": True,
        "CHRONIKER_STALE_MINUTES": 5,
        "CHRONIKER_CHECK_LOCK_FILE": False,
        "CHRONIKER_SELECT_FOR_UPDATE": False,
        "CHRONIKER_CAPACITY": None,
        "CHRONIKER_BACKFILL_PER_TICK": 10,
        "CHRONIKER_UNIQUE_COMMANDS": False,
        "CHRONIKER_ENV_PROVIDERS": (),
        "CHRONIKER_ENV_INHERIT": "all",
        "CHRONIKER_SPOOL_DIR": None,
        "CHRONIKER_MAX_OUTPUT_BYTES": 5 * 1024 * 1024,
        "CHRONIKER_STDERR_IS_FAILURE": True,
        "CHRONIKER_LOG_FORMAT": "%(levelname)s %(name)s %(message)s",
        "CHRONIKER_NOTIFY_EVERY": 12 * 60 * 60,
        "CHRONIKER_EMAIL_SENDER": _email_sender,
        "CHRONIKER_EMAIL_HOST_USER": _email_host_user,
        "CHRONIKER_EMAIL_SUBJECT_SUCCESS": "Success: {{ job.name }}",
        "CHRONIKER_EMAIL_SUBJECT_ERROR": "Error: {{ job.name }}",
        "CHRONIKER_JOB_ERROR_CALLBACK": None,
        "CHRONIKER_SENTRY_CHECKINS": False,
        "CHRONIKER_NOTIFY_URLS": (),
        "CHRONIKER_LEARN_EXPECTATIONS": True,
        "CHRONIKER_HOST_DAYS": 7,
        "CHRONIKER_HEALTH_TOKEN": None,
        "CHRONIKER_METRICS_JOBS": 200,
        "CHRONIKER_JOB_NK": ("name",),
    }
)


def _in_project(name: str) -> Any:
    """Return what the project's settings say, else the default."""
    try:
        return getattr(project, name)
    except AttributeError:
        default = DEFAULTS[name]
        return default() if callable(default) else default


def _value(name: str) -> Any:
    """Return what holds now: a patch of this module, else the project's settings."""
    return getattr(sys.modules[__name__], name)


class _Settings(ModuleType):
    """This module, with settings that are looked up anew each time unless they are patched.

    A patch lives in the module's dictionary, so that ``__getattr__`` is not asked.
    """

    def __getattr__(self, name: str) -> Any:
        if name in DEFAULTS:
            return _in_project(name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        if name in DEFAULTS and _same(value, _in_project(name)):
            # What undoes a patch sets the old value: the name must follow the project's
            # settings again then, not stay at that value.
            self.__dict__.pop(name, None)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if name in DEFAULTS:
            self.__dict__.pop(name, None)
        else:
            super().__delattr__(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *DEFAULTS})


def _same(one: object, other: object) -> bool:
    return one is other or (type(one) is type(other) and one == other)


sys.modules[__name__].__class__ = _Settings
