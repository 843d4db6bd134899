"""Inside the job's process: its own session, its own streams, and the command itself."""

from __future__ import annotations

import errno
import faulthandler
import fcntl
import io
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chroniker import arguments, settings, shells
from chroniker.exceptions import InvalidArguments
from chroniker.runs.spool import Spool

if TYPE_CHECKING:
    from chroniker.runs.run import Run

NOT_FOUND = 127
"""Exit status for a program or command that does not exist, as shells have it."""

FORBIDDEN = 126
"""Exit status for what may not, or cannot, be run, as shells have it."""

_INHERITED_HANDLERS = ("SIGTERM", "SIGHUP", "SIGCHLD", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGALRM")


def leave_the_supervisor() -> None:
    """Start a session of our own and drop the supervisor's signal handlers."""
    with suppress(OSError):  # already the leader of one
        os.setsid()
    signal.set_wakeup_fd(-1)
    for name in _INHERITED_HANDLERS:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


_DISK_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


class NoticingFile(io.FileIO):
    """A file that knows whether anything was written to it.

    What the disk does not take is only counted: a command must not fail because of what it says.
    """

    written = False
    unwritten = 0

    def write(self, data: Any) -> int:
        self.written = True
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in _DISK_FAULTS:
                raise
            size = memoryview(data).nbytes
            self.unwritten += size
            return size


def take_streams(spool: Spool, lock: int) -> tuple[NoticingFile, NoticingFile]:
    """Make the spool's files this process's standard streams; returns stdout's and stderr's.

    Descriptors 0, 1 and 2 themselves, so that sub-processes and C code write there too, and no
    reader can hold the job up. The locked file becomes the (empty) standard input: all of the
    job's tree inherits it, so the lock is free when the tree is gone.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    files = [lock, os.open(spool.stdout, flags), os.open(spool.stderr, flags)]
    # Started with a closed stdin, what was opened could have become one of these three itself.
    moved = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 3) for file in files]
    for descriptor, file in enumerate(moved):
        os.dup2(file, descriptor)
    for file in {*files, *moved} - {0, 1, 2}:
        os.close(file)
    output, errors = (NoticingFile(one, "w", closefd=False) for one in (1, 2))
    sys.stdin = sys.__stdin__ = text_stream(io.FileIO(0, closefd=False))  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = text_stream(output)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = text_stream(errors)  # type: ignore[misc]
    faulthandler.enable(sys.stderr)  # a crash of the interpreter says where, in the run's log
    return output, errors


def text_stream(file: io.FileIO) -> io.TextIOWrapper:
    """A text stream that writes each line at once, in UTF-8."""
    buffered = io.BufferedWriter(file) if file.writable() else io.BufferedReader(file)
    # Line-buffered: what print() returned from is in the file, whatever happens next.
    return io.TextIOWrapper(
        buffered, encoding="utf-8", errors="backslashreplace", line_buffering=True
    )


OnError = Callable[[BaseException], None]


def execute(run: Run, on_error: OnError = lambda _error: None) -> int:
    """Run the job's command here; returns its exit status (negative: ended by that signal).

    Whatever the command raises is printed on stderr and makes its status; nothing is raised.
    ``on_error`` is called with what was no end that it chose by itself.
    """
    try:
        return _run_program(run) if run.raw_command else _run_command(run, on_error)
    except SystemExit as end:
        return _status_of(end)
    except InvalidArguments as error:
        print(f"The arguments cannot be used: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        traceback.print_exc()
        return -signal.SIGINT
    except BaseException as error:  # noqa: BLE001 - the command's own failure, whatever it is
        traceback.print_exc()
        on_error(error)
        return _status_of_error(error)


def _status_of(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    print(end.code, file=sys.stderr)  # noqa: T201 - as Python itself does
    return 1


def _status_of_error(error: BaseException) -> int:
    from django.core.management.base import CommandError

    returncode = error.returncode if isinstance(error, CommandError) else 1
    return (returncode & 0xFF) or 1


def _run_program(run: Run) -> int:
    if settings.CHRONIKER_DISABLE_RAW_COMMAND:
        message = "Raw commands are disabled (CHRONIKER_DISABLE_RAW_COMMAND)."
        print(message, file=sys.stderr)  # noqa: T201
        return FORBIDDEN
    refused = shells.fault(run.shell) if run.shell else ""
    if refused:
        print(refused, file=sys.stderr)  # noqa: T201
        return FORBIDDEN
    words = _words_of(run)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        # Named, for a run in the calling process has streams that are not descriptors 1 and 2.
        program = subprocess.Popen(words, stdout=sys.stdout, stderr=sys.stderr)
    except (FileNotFoundError, PermissionError, NotADirectoryError, IndexError) as error:
        print(f"Cannot run {words[:1]}: {error}", file=sys.stderr)  # noqa: T201
        return NOT_FOUND
    try:
        return program.wait()
    except KeyboardInterrupt:
        _end(program)
        raise


def _words_of(run: Run) -> list[str]:
    if run.shell:
        return shells.words(run.shell, run.raw_command)
    return arguments.fill(arguments.split(run.raw_command), run.placeholders())


def _end(program: subprocess.Popen[bytes]) -> None:
    """Leave no program behind that is waited for no more."""
    program.terminate()
    try:
        program.wait(settings.CHRONIKER_KILL_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def _run_command(run: Run, on_error: OnError) -> int:
    from django.core.management import BaseCommand, call_command, get_commands, load_command_class
    from django.core.management.base import CommandError

    app = get_commands().get(run.command)
    if app is None:
        print(f"There is no management command {run.command!r}.", file=sys.stderr)  # noqa: T201
        return NOT_FOUND
    command = app if isinstance(app, BaseCommand) else load_command_class(app, run.command)
    parser = command.create_parser("manage.py", run.command)
    words = arguments.split(run.args)
    argv, options = arguments.to_argv(words, parser, command.stealth_options)
    # Filled in last, so that what a placeholder stands for never turns into an option.
    values = run.placeholders()
    filled = dict(zip(options, arguments.fill(options.values(), values), strict=True))
    try:
        call_command(command, *arguments.fill(argv, values), **filled)
    except CommandError as error:
        if _wants_traceback(argv):
            raise
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - as manage.py does
        on_error(error)
        return _status_of_error(error)
    return 0


def _wants_traceback(argv: list[str]) -> bool:
    """Whether Django's own option is among them, perhaps shortened as argparse allows."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    return any(word.startswith("--t") and "--traceback".startswith(word) for word in words)
