"""What a run's command finds when it begins: its variables, its folder, and its limits.

Variables come from four places, each of which stands above those before it: the scheduler
(``CHRONIKER_ENV_INHERIT``), the project's code (``CHRONIKER_ENV_PROVIDERS``), the job's own lines,
and the package itself.
"""

from __future__ import annotations

import os
import resource
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.utils.module_loading import import_string

from chroniker import environment, settings
from chroniker.context import CurrentRun
from chroniker.environment import Reference
from chroniker.exceptions import CannotStart, InvalidEnvironment
from chroniker.host import can_limit_memory
from chroniker.mask import Mask
from chroniker.runs.run import Run
from chroniker.runs.spool import Spool

_MEGABYTE = 1024 * 1024


def prepare(run: Run, current: CurrentRun) -> Mask:
    """Give this process the run's variables and folder; returns what hides its secrets.

    Call it from code that is part of the run. Raises CannotStart.
    """
    variables, mask = _variables(run, current)
    if mask:
        try:
            # Before the command knows them: who reads its output then knows that there are some.
            Spool.of(run.lock_file).write_secrets(mask.mark())
        except OSError as error:
            raise CannotStart(f"its secrets cannot be marked: {error.strerror}") from None
    for name in set(os.environ) - set(variables):
        del os.environ[name]
    os.environ.update(variables)
    if run.working_directory:
        _go_to(run.working_directory)
    return mask


@contextmanager
def undone() -> Iterator[None]:
    """What is prepared inside is undone at the end: for runs in a process that goes on."""
    before, folder = dict(os.environ), os.open(".", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        os.fchdir(folder)
        os.close(folder)
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def limited(run: Run) -> Iterator[None]:
    """Hold this process, which is the run's own, to the job's limits meanwhile.

    Programs inherit them. Raises CannotStart if the system does not set them.
    """
    try:
        if run.nice:
            # Of this thread on Linux, and of all that it starts: the heartbeat stays in time.
            os.nice(run.nice)
    except OSError as error:
        raise CannotStart(f"nice {run.nice}: {error.strerror}") from None
    if not (run.memory_limit_mb and can_limit_memory()):
        yield
        return
    before = _limit_memory(run.memory_limit_mb * _MEGABYTE)
    try:
        yield
    finally:
        # What follows has to record the end, also of a command that took all there was.
        resource.setrlimit(resource.RLIMIT_AS, before)


def _limit_memory(wanted: int) -> tuple[int, int]:
    """Hold this process to so many bytes; returns the limits that it had."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    known = [wanted, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    try:
        resource.setrlimit(resource.RLIMIT_AS, (min(known), hard))
    except (OSError, ValueError) as error:
        raise CannotStart(f"its memory cannot be limited: {error}") from None
    return soft, hard


def _go_to(folder: str) -> None:
    try:
        os.chdir(folder)
    except OSError as error:
        raise CannotStart(f"working directory {folder}: {error.strerror}") from None
    except ValueError as error:
        raise CannotStart(f"working directory: {error}") from None


# Variables


def _variables(run: Run, current: CurrentRun) -> tuple[dict[str, str], Mask]:
    values, secrets = _inherited(), []
    for path in settings.CHRONIKER_ENV_PROVIDERS:
        values |= _provided(path, current)
    try:
        for name, value in environment.parse(run.environment):
            if isinstance(value, Reference):
                value = environment.resolve(value)  # noqa: PLW2901
                secrets.append(value)
            values[name] = value
    except InvalidEnvironment as error:
        raise CannotStart(f"environment: {error}") from None
    if run.raw_command:
        # Of a Python program that is killed, what it printed is kept as well.
        values.setdefault("PYTHONUNBUFFERED", "1")
    return values | run.variables(), Mask.of(secrets)


def _inherited() -> dict[str, str]:
    inherit = settings.CHRONIKER_ENV_INHERIT
    if inherit == "all":
        return dict(os.environ)
    names = environment.ALLOWED if inherit == "allow-list" else inherit
    return {name: os.environ[name] for name in (*names, *environment.KEPT) if name in os.environ}


def _provided(path: str, current: CurrentRun) -> dict[str, str]:
    """What one provider gives; whatever it does wrong ends only this run."""
    try:
        given = import_string(path)(current)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the project's own code
        traceback.print_exc()
        raise CannotStart(f"{path} failed: {type(error).__name__}: {error}") from None
    if not isinstance(given, Mapping):
        raise CannotStart(f"{path} gave no mapping, but {type(given).__name__}")
    for name, value in given.items():
        try:
            if not (isinstance(name, str) and isinstance(value, str)):
                raise InvalidEnvironment("names and values have to be str")
            environment.refuse_name(name)
            environment.refuse_value(value)
        except InvalidEnvironment as error:
            raise CannotStart(f"{path}: {name}: {error}") from None
    return dict(given)
